// The whole product on one machine, as a newcomer meets it: the sandbox, the real bot, and a real browser in front.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { openSandbox, type Sandbox } from '#src/sandbox/main.ts';
import { systemClock, systemFetch } from '#src/system.ts';
import { launchBrowser } from '#test/support/browser.ts';

// From the click to the answer: reading, grouping and posting, on a machine that runs other tests beside this one.
const PATIENCE_MS = 30_000;

const folder = mkdtempSync(join(tmpdir(), 'sandbox-e2e-'));
const launched = await launchBrowser();
let sandbox: Sandbox;
let page: Page;

beforeAll(async () => {
  sandbox = await openSandbox({
    port: 0,
    dataDir: folder,
    clock: systemClock,
    fetch: systemFetch,
    environment: process.env,
  });
  await sandbox.settled.catch((error) => {
    throw new Error(`${error.message}\n${readFileSync(join(folder, 'bot.log'), 'utf8').slice(-4000)}`);
  });
  if (!launched.browser) return;
  page = await launched.browser.newPage({ viewport: { width: 1440, height: 900 } });
  page.setDefaultTimeout(PATIENCE_MS);
  await page.goto(sandbox.url);
  await page.waitForSelector('#app:not([hidden])');
}, 120_000);

afterAll(async () => {
  await launched.browser?.close();
  await sandbox?.close();
  rmSync(folder, { recursive: true, force: true });
});

// What the browser shows is the last link of a long chain: a failure tells what the bot said and what did not reach it.
beforeEach(({ onTestFailed }) => {
  onTestFailed(() => {
    const lost = sandbox.simulators.slack.deliveries.filter((one) => one.state !== 'acknowledged');
    console.error(
      `The bot's log ends:\n${readFileSync(join(folder, 'bot.log'), 'utf8').slice(-4000)}\n${lost.length} deliveries did not arrive.`,
    );
  });
});

const step = (number: number) => page.locator(`[data-step="${number}"][data-done="true"]`);
const enter = (room: string) => page.click(`[data-channel="${room}"]`);
async function complain(handle: string, text: string) {
  await page.click('#persona-now');
  await page.click(`[data-person="${handle}"]`);
  await enter('support');
  await page.fill('[data-composer="channel"]', text);
  await page.press('[data-composer="channel"]', 'Enter');
  await page.locator('#messages article', { hasText: text }).waitFor();
}

describe.skipIf(!launched.browser)(`the sandbox${launched.browser ? '' : ` (${launched.reason})`}`, () => {
  it('brings a newcomer from nothing to a first filed insight and its lineage, by the buttons of the page alone', async () => {
    await page.locator('#status', { hasText: 'Bot is running' }).waitFor();
    await page.locator('[data-example="maya"]').click();
    await step(1).waitFor();
    await step(2).waitFor();
    await page.getByRole('button', { name: 'Show me the insight' }).click();
    const card = page.locator('#messages article', { hasText: 'File in Linear' });
    await card.waitFor();
    // The reports came from Slack and from Zendesk, and what identifies a person is not on the card.
    expect(await card.innerText()).toContain('3');
    expect(await card.innerText()).not.toContain('maya@brambleworth.example');
    expect(await card.innerText()).not.toContain('7946 0321');
    await card.getByRole('button', { name: 'File in Linear' }).click();
    const issue = page.locator('#issues article').first();
    await issue.waitFor();
    await step(3).waitFor();
    await page.getByRole('button', { name: /^Where does .* come from/ }).click();
    await page.locator('.node-signal').first().waitFor();
    await step(4).waitFor();
    expect(await page.locator('.node-signal').count()).toBeGreaterThanOrEqual(3);
  }, 120_000);

  it('turns three customers’ own words into an insight, an issue, and a way back to the first message', async () => {
    const cardsBefore = (await sandbox.simulators.slack.state.timeline('product-insights')).length;
    const texts = [
      'The currency symbol on our invoice PDF is wrong, it prints dollars although the invoice is in euros.',
      'Wrong currency symbol on the invoice PDF: the invoice is in euros and the PDF prints dollars.',
      'Our invoice PDF prints the wrong currency symbol, dollars instead of euros. The invoice itself is in euros.',
    ] as const;
    await complain('tom', texts[0]);
    await complain('harriet', texts[1]);
    await complain('dev', texts[2]);

    await expect
      .poll(() => sandbox.simulators.slack.state.timeline('product-insights').length, { timeout: PATIENCE_MS })
      .toBe(cardsBefore + 1);
    await enter('product-insights');
    const card = page.locator('#messages article', { hasText: 'currency symbol' }).last();
    await card.getByRole('button', { name: 'File in Linear' }).click();
    await card.getByText(/Filed as ENG-\d+/).waitFor();
    expect(await card.getByRole('button', { name: 'File in Linear' }).count()).toBe(0);

    const issues = () => [...sandbox.simulators.linear.state.issues.values()];
    const filed = issues().filter((one) => /currency/i.test(`${one.title} ${one.description}`));
    expect(filed).toHaveLength(1);
    await page.click('#tab-issues');
    await page.click(`[data-trace="${filed[0]!.identifier}"]`);
    const first = page.locator('.node-signal', { hasText: 'although the invoice is in euros' });
    await first.getByRole('link', { name: 'Open' }).click();
    const message = page.locator('#messages article.flash', { hasText: texts[0] });
    await message.waitFor();
    expect(await page.locator('#channel-head').innerText()).toContain('support');
  }, 120_000);

  it('never asked a simulated system for something that the real one would refuse', () => {
    expect(sandbox.simulators.slack.state.violations).toEqual([]);
    expect(sandbox.simulators.zendesk.unknownCalls()).toEqual([]);
  });
});
