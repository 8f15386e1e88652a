// npm run pictures: walks the sandbox like a newcomer and keeps a picture of each step in docs/pictures, for the README.
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openSandbox } from '#src/sandbox/main.ts';
import { systemClock, systemFetch } from '#src/system.ts';
import { launchBrowser } from './support/browser.ts';

const OUT = new URL('../docs/pictures/', import.meta.url).pathname;
const folder = await mkdtemp(join(tmpdir(), 'throughline-pictures-'));
const { browser } = await launchBrowser();
if (!browser) throw new Error('No browser starts here.');
await mkdir(OUT, { recursive: true });
const sandbox = await openSandbox({
  port: 0,
  dataDir: folder,
  clock: systemClock,
  fetch: systemFetch,
  environment: {},
});
try {
  await sandbox.settled;
  const page = await browser.newPage({ viewport: { width: 1440, height: 960 } });
  page.setDefaultTimeout(60_000);
  const keep = async (name: string) => {
    await page.screenshot({ path: join(OUT, `${name}.png`) });
    process.stdout.write(`docs/pictures/${name}.png\n`);
  };
  await page.goto(sandbox.url);
  await page.locator('#status', { hasText: 'Bot is running' }).waitFor();
  await keep('1-support-channel');
  await page.locator('[data-example="maya"]').click();
  await page.locator('[data-step="2"][data-done="true"]').waitFor();
  await page.getByRole('button', { name: 'Show me the insight' }).click();
  const card = page.locator('#messages article', { hasText: 'File in Linear' });
  await card.getByRole('button', { name: 'File in Linear' }).scrollIntoViewIfNeeded();
  // The notice about who you are now fades.
  await page.waitForTimeout(6_000);
  await keep('2-insight');
  await card.getByRole('button', { name: 'File in Linear' }).click();
  await page.locator('#issues article').first().waitFor();
  await page
    .getByText(/Filed as ENG-\d+/)
    .last()
    .scrollIntoViewIfNeeded();
  await page.waitForTimeout(1_500);
  await keep('3-filed');
  await page.getByRole('button', { name: /^Where does .* come from/ }).click();
  await page.locator('.node-signal').first().waitFor();
  await page.waitForTimeout(1_000);
  await keep('4-lineage');
} finally {
  await browser.close();
  await sandbox.close();
  await rm(folder, { recursive: true, force: true });
}
