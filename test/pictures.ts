// npm run pictures: lives a day in the sandbox, in a real browser, and keeps a picture of every surface in docs/pictures.
import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openSandbox } from '#src/sandbox/main.ts';
import { systemClock, systemFetch } from '#src/system.ts';
import { SCENES } from './pictures/scenes.ts';
import { openStage } from './pictures/stage.ts';
import { launchBrowser } from './support/browser.ts';

const OUT = new URL('../docs/pictures/', import.meta.url).pathname;
const wanted = process.argv.slice(2);
const folder = await mkdtemp(join(tmpdir(), 'throughline-pictures-'));
const { browser } = await launchBrowser();
if (!browser) throw new Error('No browser starts here.');
await mkdir(OUT, { recursive: true });
if (wanted.length === 0) {
  // A surface that is gone must not live on as a picture.
  for (const old of await readdir(OUT)) if (old.endsWith('.png')) await rm(join(OUT, old));
}
const sandbox = await openSandbox({
  port: 0,
  dataDir: folder,
  clock: systemClock,
  fetch: systemFetch,
  environment: {},
});
let failed = 0;
try {
  await sandbox.settled;
  const stage = await openStage({ browser, sandbox, out: OUT, dataDir: folder, wanted });
  for (const [name, scene] of Object.entries(SCENES)) {
    try {
      await scene(stage);
    } catch (error) {
      failed++;
      await stage.keepFailure(name);
      process.stderr.write(`${name}: ${error instanceof Error ? error.message : String(error)}\n`);
    }
  }
} finally {
  await browser.close();
  await sandbox.close();
  await rm(folder, { recursive: true, force: true });
}
if (failed > 0) process.exitCode = 1;
