// A scripted chat model behind the protocol of OpenAI: the real client library talks to it, and it answers what the test says, in order.
import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';

/** One scripted answer. `call` is what the function is called with: an object, or a string that is sent as it is. */
export type ModelReply =
  | Said
  /** A reply that comes this many milliseconds late. */
  | { afterMs: number; reply: Said }
  | { status: number; headers?: Record<string, string> }
  | { silent: true };

type Said =
  | { call: unknown }
  /** Several functions by name, as a model with tools calls them. */
  | { calls: { name: string; args: unknown }[] }
  | { refusal: string }
  | { says: string };

/** What the server was asked, as far as tests look at it. */
export interface ModelRequest {
  model: string;
  messages: { role: string; content: string }[];
  tools: { function: { name: string; parameters: Record<string, unknown> } }[];
  tool_choice: unknown;
  authorization: string | undefined;
}

export interface ModelServer {
  baseUrl: string;
  requests: ModelRequest[];
  /** Adds answers to the end of the script. A request beyond the script is answered by 500 and fails the test in `close`. */
  script(...replies: ModelReply[]): void;
  /** Answers every request from now on, when the script is empty. */
  always(reply: (request: ModelRequest) => ModelReply): void;
  /** Stops the server; throws when the script was not followed. */
  close(): Promise<void>;
}

/** Starts a server on a free port of this machine. */
export async function startModelServer(): Promise<ModelServer> {
  const requests: ModelRequest[] = [];
  const replies: ModelReply[] = [];
  const unexpected: string[] = [];
  let fallback: ((request: ModelRequest) => ModelReply) | null = null;

  const server = createServer((request, response) => {
    answer(request, response).catch((error: unknown) => response.destroy(error as Error));
  });

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    if (request.method !== 'POST' || request.url !== '/v1/chat/completions') {
      unexpected.push(`${request.method} ${request.url}`);
      response.writeHead(404).end();
      return;
    }
    const body = JSON.parse(Buffer.concat(chunks).toString('utf8')) as Omit<ModelRequest, 'authorization'>;
    const asked: ModelRequest = { ...body, authorization: request.headers.authorization };
    requests.push(asked);
    const scripted = replies.shift() ?? fallback?.(asked);
    if (scripted && 'afterMs' in scripted) await delay(scripted.afterMs);
    const reply = scripted && 'afterMs' in scripted ? scripted.reply : scripted;
    if (!reply) {
      unexpected.push('a request beyond the script');
      response.writeHead(500).end();
    } else if ('status' in reply) {
      response.writeHead(reply.status, { 'content-type': 'application/json', ...reply.headers });
      response.end(JSON.stringify({ error: { message: 'scripted failure', type: 'server_error' } }));
    } else if (!('silent' in reply)) {
      response.writeHead(200, { 'content-type': 'application/json' });
      response.end(JSON.stringify(completion(asked, reply)));
    }
  }

  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    baseUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`,
    requests,
    script: (...more) => void replies.push(...more),
    always: (reply) => {
      fallback = reply;
    },
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
      if (unexpected.length > 0)
        throw new Error(`The model was asked for what the script does not hold: ${unexpected.join(', ')}.`);
      if (replies.length > 0) throw new Error(`${replies.length} scripted answers were never asked for.`);
    },
  };
}

function completion(request: ModelRequest, reply: Said) {
  const calls =
    'call' in reply
      ? [{ name: request.tools[0]!.function.name, args: reply.call }]
      : 'calls' in reply
        ? reply.calls
        : [];
  const called = calls.length > 0;
  const message = called
    ? {
        role: 'assistant',
        content: null,
        tool_calls: calls.map(({ name, args }, at) => ({
          id: `call_${at + 1}`,
          type: 'function',
          function: { name, arguments: typeof args === 'string' ? args : JSON.stringify(args) },
        })),
      }
    : 'refusal' in reply
      ? { role: 'assistant', content: null, refusal: reply.refusal }
      : { role: 'assistant', content: 'says' in reply ? reply.says : '' };
  return {
    id: 'chatcmpl-1',
    object: 'chat.completion',
    created: 0,
    model: request.model,
    choices: [{ index: 0, message, finish_reason: called ? 'tool_calls' : 'stop' }],
    usage: { prompt_tokens: 100, completion_tokens: 20, total_tokens: 120 },
  };
}
