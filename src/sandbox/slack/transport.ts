// How a delivery reaches the bot: an HTTP post to its request URL. Socket Mode (socket-mode.ts) is the other way.
import { Agent, type IncomingMessage, request } from 'node:http';
import { AppError } from '#src/domain/errors.ts';
import type { Fields } from './model.ts';

/** What is sent: the parsed payload, and the exact bytes of its HTTP form. */
export interface Outgoing {
  kind: 'events_api' | 'interactive' | 'slash_commands';
  /** The type of the event or the interaction, or the command. */
  type: string;
  channel: string | null;
  payload: Fields;
  contentType: 'application/json' | 'application/x-www-form-urlencoded';
  body: string;
  /** The headers of the last attempt. */
  sentHeaders?: Record<string, string>;
}

/** What came back. `reason` is null for an acknowledgement, else the word Slack gives for the failure. */
export interface Answer {
  status: number | null;
  reason: string | null;
  body: string;
  noRetry: boolean;
}

/** A way to the bot. */
export interface Transport {
  send(
    outgoing: Outgoing,
    attempt: { headers: Record<string, string>; retryNum: number; retryReason: string | null; timeoutMs: number },
  ): Promise<Answer>;
  close(): Promise<void>;
}

/** Posts to the request URL of the bot over plain HTTP. */
export function createHttpTransport(eventsUrl: string): Transport {
  const url = new URL(eventsUrl);
  if (url.protocol !== 'http:') {
    throw new AppError('bad_config', `The simulator posts over plain HTTP on this machine; ${eventsUrl} is not http.`);
  }
  const agent = new Agent({ keepAlive: true, maxSockets: 64 });
  return {
    send: (outgoing, { headers, timeoutMs }) =>
      new Promise((resolve) => {
        let reason = 'connection_failed';
        const fail = () => resolve({ status: null, reason, body: '', noRetry: false });
        const call = request(
          url,
          {
            method: 'POST',
            agent,
            headers: { ...headers, 'content-length': String(Buffer.byteLength(outgoing.body)) },
          },
          (response) => void read(response),
        );
        const timer = setTimeout(() => {
          reason = 'http_timeout';
          call.destroy();
          fail();
        }, timeoutMs);
        call.on('error', () => {
          clearTimeout(timer);
          fail();
        });
        call.end(outgoing.body);

        async function read(response: IncomingMessage): Promise<void> {
          const chunks: Buffer[] = [];
          try {
            for await (const chunk of response) chunks.push(chunk as Buffer);
          } catch {
            // The bot died in the middle of its answer: the same as no answer.
            clearTimeout(timer);
            return fail();
          }
          clearTimeout(timer);
          const status = response.statusCode ?? 0;
          resolve({
            status,
            reason: status >= 200 && status < 300 ? null : 'http_error',
            body: Buffer.concat(chunks).toString('utf8'),
            noRetry: response.headers['x-slack-no-retry'] === '1',
          });
        }
      }),
    async close() {
      agent.destroy();
    },
  };
}
