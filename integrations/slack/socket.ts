// Socket Mode: the same deliveries as over HTTP, through a socket that we open. For places without a public address.
import { SocketModeClient } from '@slack/socket-mode';
import type { FetchFunction } from '@slack/web-api';
import { errorLine } from '#src/domain/errors.ts';
import type { Clock, Fetch, Log } from '#src/domain/ports.ts';
import { toSlackLogger } from './errors.ts';
import type { Ack, SlackIntake } from './receiver.ts';

const RECONNECT_MIN_MS = 500;
const RECONNECT_MAX_MS = 30_000;
// A peer that does not answer the closing handshake is left alone after this.
const CLOSE_MS = 2_000;

export interface SocketDeps {
  appToken: string;
  apiUrl: string;
  intake: Pick<SlackIntake, 'receive'>;
  fetch: Fetch;
  clock: Clock;
  log: Log;
}

/** A socket that stays open until it is stopped. */
export interface SlackSocket {
  /** Resolves at the first connection; fails when the first one cannot be made. */
  start(): Promise<void>;
  stop(): Promise<void>;
}

/** Makes the socket. Slack closes it every few hours, and networks more often: it is opened again until `stop`. */
export function createSlackSocket(deps: SocketDeps): SlackSocket {
  const { clock, log, intake } = deps;
  const stopping = new AbortController();
  let connecting: Promise<void> | null = null;
  const socket = new SocketModeClient({
    appToken: deps.appToken,
    // The SDK's own reconnection drops a failed attempt as an unhandled rejection, which would end the process.
    autoReconnectEnabled: false,
    logger: toSlackLogger(log),
    clientOptions: { slackApiUrl: deps.apiUrl, fetch: deps.fetch as FetchFunction, retryConfig: { retries: 0 } },
  });
  socket.on('slack_event', (event: { ack: (response?: Record<string, unknown>) => Promise<void>; body: unknown }) => {
    const ack: Ack = async (response) => {
      try {
        await event.ack(toEnvelopeAnswer(response));
        return true;
      } catch (error) {
        // The socket closed in between. Slack delivers again, and the delivery is known by then.
        log.info({ error: errorLine(error) }, 'an acknowledgement did not get through');
        return false;
      }
    };
    void intake.receive(event.body, ack);
  });
  socket.on('disconnected', () => {
    // A failed attempt ends in this event too; the loop that made it goes on by itself.
    if (!stopping.signal.aborted && !connecting) connecting = reconnect();
  });

  return {
    async start() {
      connecting = connect('connected to Slack by Socket Mode');
      await connecting;
    },
    async stop() {
      stopping.abort();
      await connecting?.catch(() => {});
      const closed = socket.disconnect();
      const patience = new AbortController();
      await Promise.race([closed, clock.sleep(CLOSE_MS, patience.signal)]);
      patience.abort();
    },
  };

  async function connect(words: string): Promise<void> {
    try {
      await socket.start();
      log.info({}, words);
    } finally {
      connecting = null;
    }
  }

  async function reconnect(): Promise<void> {
    for (let waitMs = RECONNECT_MIN_MS; !stopping.signal.aborted; waitMs = Math.min(waitMs * 2, RECONNECT_MAX_MS)) {
      await clock.sleep(waitMs, stopping.signal);
      if (stopping.signal.aborted) return;
      try {
        await connect('connected to Slack again');
        return;
      } catch (error) {
        log.warn({ error: errorLine(error), waitMs }, 'Slack cannot be reached by Socket Mode; trying again');
        connecting = Promise.resolve();
      }
    }
  }
}

function toEnvelopeAnswer(response: unknown): Record<string, unknown> | undefined {
  if (response === undefined || response === null || response === '') return undefined;
  return typeof response === 'string' ? { text: response } : (response as Record<string, unknown>);
}
