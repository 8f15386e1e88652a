// npm run env-example: writes .env.example from the configuration's own schema, so that the two never disagree.
import { writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { envExample } from '#src/config.ts';

/** The file that people copy to .env. */
export const ENV_EXAMPLE_FILE = resolve(import.meta.dirname, '../../.env.example');

if (import.meta.main) {
  await writeFile(ENV_EXAMPLE_FILE, envExample());
  console.log('Wrote .env.example.');
}
