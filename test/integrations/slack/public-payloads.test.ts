// The shapes that Slack's own SDK publishes for what it sends: each is named, and each event is read without surprise.
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { identify } from '#integrations/slack/receiver.ts';
import { startWorkspace } from './support.ts';

const data = process.env.PUBLIC_DATA_DIR;
const folder = `${data}/payloads/slack`;

/** The published shapes hold empty strings; these stand in where something must be there. */
const VALUES: Record<string, string> = {
  event_id: 'Ev0123456789',
  ts: '1700000000.000100',
  thread_ts: '1700000000.000100',
  event_ts: '1700000001.000100',
  user: 'U012345678',
  channel: 'C012345678',
  text: 'The export stops',
  trigger_id: '1.2.3',
  action_id: 'card_file',
  command: '/throughline',
  user_id: 'U012345678',
  id: 'X012345678',
  subteam_id: 'S012345678',
};

function filled(value: unknown, key = ''): unknown {
  if (value === '') return VALUES[key] ?? '';
  if (Array.isArray(value)) return value.map((inner) => filled(inner));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, filled(inner, name)]));
}

function payload(file: string): Record<string, unknown> {
  return filled(JSON.parse(readFileSync(`${folder}/${file}`, 'utf8'))) as Record<string, unknown>;
}

describe.skipIf(!data)('published payloads (needs PUBLIC_DATA_DIR)', () => {
  it('of every event are named by their event id, and read without an error', async () => {
    const w = await startWorkspace();
    try {
      const files = readdirSync(`${folder}/events`);
      expect(files.length).toBeGreaterThan(50);
      for (const file of files) {
        const event = { ...payload(`events/${file}`), type: 'event_callback' };
        expect(identify(event), file).toMatchObject({
          ok: true,
          delivery: { deliveryId: VALUES.event_id, interactive: false },
        });
        await expect(w.slack.handle({ kind: 'event', payload: event, interactive: false }), file).resolves.toHaveLength(
          1,
        );
      }
    } finally {
      await w.close();
    }
  });

  it.each([
    ['BlockActionPayload.json', 'block_actions'],
    ['MessageShortcutPayload.json', 'message_action'],
    ['SlashCommandPayload.json', 'command'],
    ['ViewSubmissionPayload.json', 'view_submission'],
    ['ViewClosedPayload.json', 'view_closed'],
  ])('%s is named', (file, kind) => {
    expect(identify(payload(`app-backend/${file}`))).toMatchObject({ ok: true, delivery: { kind, interactive: true } });
  });
});
