// Somebody who receives webhooks: keeps what came, and answers as told.
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { RawRequest } from '#integrations/contract.ts';

export interface Receiver {
  url: string;
  requests: RawRequest[];
  /** Statuses for the next deliveries; after them 200. */
  answers: number[];
  close(): Promise<void>;
}

/** Listens on loopback until `close()`. */
export async function startReceiver(): Promise<Receiver> {
  const requests: RawRequest[] = [];
  const answers: number[] = [];
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    requests.push({
      headers: request.headers as Record<string, string | undefined>,
      body: Buffer.concat(chunks).toString('utf8'),
    });
    response.writeHead(answers.shift() ?? 200).end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/webhooks/linear`,
    requests,
    answers,
    close: async () => {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeAllConnections();
      await closed;
    },
  };
}
