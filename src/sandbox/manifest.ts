// What manifest.yml says about the app, for the simulated Slack: the same file that a real workspace is given.
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { parse } from 'yaml';
import { z } from 'zod';

const Manifest = z.looseObject({
  features: z.looseObject({
    app_home: z.looseObject({ home_tab_enabled: z.boolean().default(false) }).default({ home_tab_enabled: false }),
    slash_commands: z
      .array(
        z.looseObject({ command: z.string(), description: z.string().default(''), usage_hint: z.string().default('') }),
      )
      .default([]),
    shortcuts: z
      .array(z.looseObject({ name: z.string(), type: z.enum(['message', 'global']), callback_id: z.string() }))
      .default([]),
  }),
  oauth_config: z.looseObject({ scopes: z.looseObject({ bot: z.array(z.string()) }) }),
  settings: z.looseObject({ event_subscriptions: z.looseObject({ bot_events: z.array(z.string()) }) }),
});
export type Manifest = z.infer<typeof Manifest>;

/** Reads the manifest at the root of the project; what is missing in it is said by name. */
export async function readManifest(file = resolve(import.meta.dirname, '../../manifest.yml')): Promise<Manifest> {
  return Manifest.parse(parse(await readFile(file, 'utf8')));
}
