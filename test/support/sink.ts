// A place for webhooks that are to be lost: it takes them in and does nothing with them.
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** Listens on loopback until it is closed. */
export async function startSink(): Promise<{ url: string; close(): Promise<void> }> {
  const server = createServer((request, response) => {
    request.resume().on('end', () => response.end('{}'));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () => new Promise<void>((resolve) => server.close(() => resolve())),
  };
}
