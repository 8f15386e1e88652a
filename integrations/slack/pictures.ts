// Pictures: drawn, uploaded, and shown once Slack has looked through them. None of it may cost anybody the words beside it.
import type { Chart, Draughtsman } from '#src/domain/chart.ts';
import { errorLine } from '#src/domain/errors.ts';
import type { Clock, Log, Telemetry } from '#src/domain/ports.ts';
import type { SlackClient } from './client.ts';
import { refusesBlocks } from './errors.ts';

// Slack answers an upload before it has looked through it, and refuses messages that show it until then: a second or two, as a rule.
const UNREADY_WAITS_MS = [1_000, 3_000, 8_000];

/** A picture that lies in Slack, seen by nobody before a message shows it. */
export interface Picture {
  fileId: string;
  title: string;
  /** What it shows, in numbers. */
  alt: string;
}

/** Draws charts and brings them to Slack. */
export interface Pictures {
  /** Whether this workspace lets us upload. */
  possible(): Promise<boolean>;
  /** Null when there is no picture to be had: not allowed, not drawn, not taken. The reason is in the log. */
  make(chart: Chart, alt: string): Promise<Picture | null>;
  /** Sends a message with a picture, again while the picture is not ready; null when it never was. Other errors are the caller's. */
  whenReady<T>(send: () => Promise<T>): Promise<T | null>;
}

/** Makes the pictures of one workspace. */
export function createPictures(deps: {
  client: Pick<SlackClient, 'whoAmI' | 'uploadPicture'>;
  draughtsman: Draughtsman;
  clock: Clock;
  log: Log;
  telemetry: Telemetry;
}): Pictures {
  const { client, draughtsman, clock, log, telemetry } = deps;
  const possible = async () => (await client.whoAmI()).scopes.includes('files:write');
  return {
    possible,
    async make(chart, alt) {
      if (!(await possible())) return null;
      try {
        const { png } = await draughtsman.draw(chart);
        const fileId = await client.uploadPicture({ png, name: 'trends.png', title: chart.title, alt });
        telemetry.count('charts_total', { outcome: fileId ? 'drawn' : 'not_allowed' });
        return fileId === null ? null : { fileId, title: chart.title, alt };
      } catch (error) {
        telemetry.count('charts_total', { outcome: 'failed' });
        log.warn({ error: errorLine(error) }, 'no picture this time; its numbers were told without it');
        return null;
      }
    },
    async whenReady(send) {
      for (const waitMs of [...UNREADY_WAITS_MS, null]) {
        try {
          return await send();
        } catch (error) {
          if (!refusesBlocks(error)) throw error;
          if (waitMs === null) break;
          await clock.sleep(waitMs);
        }
      }
      log.warn({}, 'Slack had not looked through a picture in time; it is not shown');
      return null;
    },
  };
}
