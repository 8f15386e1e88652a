// The page in a real browser, with a little Bolt app in the product's place: what people see, type and click, and what must never happen.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { environmentForBot, stopLeftover } from '#src/sandbox/bot.ts';
import { openSandbox, type Sandbox } from '#src/sandbox/main.ts';
import { systemClock, systemFetch } from '#src/system.ts';
import { launchBrowser } from '#test/support/browser.ts';

const folder = mkdtempSync(join(tmpdir(), 'sandbox-page-'));
const launched = await launchBrowser();
let browser: Browser;
let sandbox: Sandbox;
let page: Page;
const mistakes: string[] = [];

const open = (name: string, port = 0, fresh = false) =>
  openSandbox({
    port,
    fresh,
    dataDir: join(folder, name),
    clock: systemClock,
    fetch: systemFetch,
    environment: process.env,
    botCommand: [join(import.meta.dirname, 'little-bot.ts')],
    manifestFile: join(import.meta.dirname, 'little-manifest.yml'),
  });

beforeAll(async () => {
  sandbox = await open('main');
  await sandbox.settled;
  if (!launched.browser) return;
  browser = launched.browser;
  page = await browser.newPage({ viewport: { width: 1440, height: 900 } });
  page.setDefaultTimeout(30_000);
  page.on('pageerror', (error) => mistakes.push(error.message));
  page.on('console', (message) => void (message.type() === 'error' && mistakes.push(message.text())));
  await page.goto(sandbox.url);
  await page.waitForSelector('#app:not([hidden])');
});

afterAll(async () => {
  await launched.browser?.close();
  await sandbox?.close();
  rmSync(folder, { recursive: true, force: true });
});

/** Becomes another person, as a visitor does. */
async function become(handle: string) {
  await page.click('#persona-now');
  await page.click(`[data-person="${handle}"]`);
  await page.waitForSelector(`[data-person="${handle}"][aria-pressed="true"]`, { state: 'attached' });
}
const enter = (room: string) => page.click(`[data-channel="${room}"]`);
const message = (text: string) => page.locator('#messages article', { hasText: text }).last();
/** A tool of a message; the mouse has to be on the message first. */
async function tool(text: string, label: string) {
  await message(text).hover();
  return message(text).locator('.tools').getByLabel(label);
}
async function say(text: string) {
  await page.fill('[data-composer="channel"]', text);
  await page.press('[data-composer="channel"]', 'Enter');
}

describe.skipIf(!launched.browser)(`the page${launched.browser ? '' : ` (${launched.reason})`}`, () => {
  it('shows the days before, and who said what', async () => {
    await become('maya');
    await enter('support');
    await message('The CSV export of the monthly report is empty').waitFor();
    expect(await message('The CSV export of the monthly report is empty').innerText()).toContain('Pebblecroft Dental');
    expect(await page.locator('#status').innerText()).toBe('Bot is running');
  });

  it('walks the first steps, ticking each when it has happened', async () => {
    const ticked = (step: number) => page.locator(`[data-step="${step}"][data-done="true"]`);
    await page.locator('[data-example="maya"]').first().click();
    await ticked(1).waitFor();
    await ticked(2).waitFor();
    await page.getByRole('button', { name: 'Show me the insight' }).click();
    await page.click('[data-action="file"]');
    await page.locator('[data-issue="ENG-1"]', { hasText: 'Export is empty' }).waitFor({ state: 'attached' });
    await ticked(3).waitFor();
    await message('Approved by @Ines Okafor').waitFor();
    expect(await page.locator('[data-action="file"]').count()).toBe(0);
    await page.getByRole('button', { name: 'Where does ENG-1 come from?' }).click();
    await page.locator('.node-focus', { hasText: 'ENG-1' }).waitFor();
    await ticked(4).waitFor();
    expect(await page.locator('.node').count()).toBe(7);
    expect(await page.locator('.lineage-lines path').count()).toBe(6);
    expect(await page.locator('.node b').count()).toBe(0);
  });

  it('moves an issue, and says so at once', async () => {
    await page.click('#tab-issues');
    await page.getByRole('button', { name: 'Move to In Progress' }).click();
    await page.locator('[data-issue="ENG-1"] .state', { hasText: 'In Progress' }).waitFor();
    await page.getByRole('button', { name: 'Move to Done' }).click();
    await page.locator('[data-issue="ENG-1"] .state', { hasText: 'Done' }).waitFor();
  });

  it('lets nothing that a customer types become HTML, a link to a script or a ping', async () => {
    await become('tom');
    await enter('support');
    const nasty = `<img src=x onerror="document.body.dataset.owned=1"><b>bold</b> <script>1</script> <javascript:alert(1)|click> <!channel> &lt;i&gt;`;
    await say(nasty);
    const shown = message('onerror');
    expect(await shown.locator('.blocks').innerText()).toBe(nasty);
    expect(await shown.locator('img, script, b, i, a, .mention').count()).toBe(0);
    expect(await page.evaluate(() => document.body.dataset.owned)).toBeUndefined();
  });

  it('sends with Enter, answers in a thread, edits, reacts and takes it back', async () => {
    await become('maya');
    await enter('support');
    await say('Where is my invoice?');
    await (await tool('Where is my invoice?', 'Reply in thread')).click();
    await page.fill('[data-composer="thread"]', 'Found it.');
    await page.press('[data-composer="thread"]', 'Enter');
    await page.locator('#thread article', { hasText: 'Found it.' }).waitFor();
    expect(await message('Where is my invoice?').locator('.replies').innerText()).toContain('1 reply');
    await page.click('#thread-close');

    await (await tool('Where is my invoice?', 'More actions')).click();
    await page.getByRole('button', { name: 'Edit message' }).click();
    await page.fill('dialog textarea', 'Where is my *last* invoice?');
    await page.getByRole('button', { name: 'Save changes' }).click();
    await message('Where is my *last* invoice?').getByText('(edited)').waitFor();

    await (await tool('last', 'React')).click();
    await message('last').locator('.emoji-grid').getByLabel('eyes').click();
    const eyes = message('last').locator('.reaction');
    await eyes.waitFor();
    expect(await eyes.getAttribute('aria-pressed')).toBe('true');
    await eyes.click();
    await eyes.waitFor({ state: 'detached' });
  });

  it('shows each person their rooms, and changes sides when a room asks for it', async () => {
    await become('maya');
    expect(await page.locator('#channels .channel').allInnerTexts()).toEqual(['support', 'help-billing']);
    await enter('product-insights');
    await page.locator('#toasts', { hasText: 'You are now Ines Okafor' }).waitFor();
    await message('Monthly report exports').waitFor();
    await become('priscilla');
    expect(await page.locator('#channels .channel').allInnerTexts()).toEqual([
      expect.stringContaining('connect-quarrington'),
    ]);
    expect(await page.locator('#messages').innerText()).not.toContain('Monthly report exports');
  });

  it('draws a card from its blocks, and answers its select and its menu to one person only', async () => {
    await become('maya');
    await enter('support');
    await say('And another export is empty');
    await become('ines');
    await enter('product-insights');
    await page.locator('[data-action="file"]').waitFor();
    const card = message('Monthly report exports');
    expect(await card.locator('[role=heading]').innerText()).toBe('Monthly report exports as an empty file');
    expect(await card.locator('blockquote').innerText()).toBe(
      'The export is empty & our accountant waits.\nOnly a header row.',
    );
    expect(await card.getByLabel('memo').getAttribute('role')).toBe('img');
    await card.locator('select').selectOption('Known');
    await message('You chose Known.').getByText('Only visible to you').waitFor();
    await card.locator('.block .menu summary').click();
    await card.getByRole('button', { name: 'Split' }).click();
    await message('You chose split.').waitFor();
    await become('ravi');
    await message('Monthly report exports').waitFor();
    expect(await page.locator('#messages').innerText()).not.toContain('You chose');
  });

  it('opens a modal, says what is wrong where it is wrong, and hands in what was filled in', async () => {
    await become('ines');
    await enter('product-insights');
    await page.click('[data-action="edit"]');
    const dialog = page.locator('dialog');
    await dialog.locator('input[type=text]').fill('abc');
    await dialog.getByRole('button', { name: 'File', exact: true }).click();
    await dialog.getByText('Please complete this required field.').waitFor();
    await dialog.getByLabel('low').check();
    await dialog.getByRole('button', { name: 'File', exact: true }).click();
    await dialog.locator('[data-block="title"] .error', { hasText: 'Say a little more.' }).waitFor();
    expect(await dialog.locator('input[type=text]').inputValue()).toBe('abc');
    await dialog.locator('input[type=text]').fill('The export is empty');
    await dialog.getByRole('button', { name: 'File', exact: true }).click();
    await dialog.waitFor({ state: 'detached' });
    await message('Edited: The export is empty, low').waitFor();
  });

  it('closes a modal for good on Escape', async () => {
    await page.click('[data-action="edit"]');
    await page.locator('dialog').waitFor();
    await page.keyboard.press('Escape');
    await page.locator('dialog').waitFor({ state: 'detached' });
    await expect.poll(() => sandbox.simulators.slack.state.modalsOf('ines').length).toBe(0);
  });

  it('suggests commands, runs them from the keyboard alone, and shows the answer to one person', async () => {
    await become('maya');
    await enter('support');
    await page.focus('[data-composer="channel"]');
    await page.keyboard.type('/li');
    await page.locator('.suggestions', { hasText: 'Says what it was told' }).waitFor();
    await page.keyboard.press('Tab');
    await page.keyboard.type('good day');
    await page.keyboard.press('Enter');
    const answer = message('You said: good day');
    await answer.getByText('Only visible to you').waitFor();
    await say('/nothing');
    await page.locator('#toasts', { hasText: 'not a valid command' }).waitFor();
    expect(await page.inputValue('[data-composer="channel"]')).toBe('/nothing');
    await page.fill('[data-composer="channel"]', '');
  });

  it('offers the message shortcuts, and the Home tab', async () => {
    await (await tool('Where is my *last* invoice?', 'More actions')).click();
    await page.getByRole('button', { name: 'Send to Little' }).click();
    await message('Captured “Where is my').waitFor();
    await page.click('[data-app="home"]');
    await page.locator('#home', { hasText: 'Waiting for you' }).waitFor();
  });

  it('opens the conversation with the app: what it suggests to ask, and what it is doing', async () => {
    const { state } = sandbox.simulators.slack;
    await become('noor');
    await page.click('[data-app="messages"]');
    const direct = state.direct(state.user('noor').id);
    await page.getByLabel('Ask Throughline as Noor Haddad').waitFor();
    state.setPrompts(direct, { title: 'Try one of these', prompts: [{ title: 'This week', message: 'What is new?' }] });
    await page.getByRole('group', { name: 'Try one of these' }).getByRole('button', { name: 'This week' }).click();
    await message('What is new?').waitFor();
    const asked = direct.messages.find((one) => one.text === 'What is new?')!;
    state.setStatus(direct, { threadTs: asked.ts, text: 'is thinking…', loading: ['is counting reports…'] });
    await page.locator('#pane', { hasText: 'Throughline is counting reports…' }).waitFor();
    state.setStatus(direct, null);
    await page.locator('#pane .doing').waitFor({ state: 'detached' });
  });

  it('shows an uploaded picture, and only ever hands over what could be a page', async () => {
    const { human } = sandbox.simulators.slack;
    const picture = Buffer.from(
      'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
      'base64',
    );
    await become('maya');
    await enter('support');
    const sent = human.post('maya', 'support', 'This is how it looks', {
      files: [
        { name: 'screen.png', bytes: picture, mimetype: 'image/png' },
        { name: 'page.html', bytes: Buffer.from('<script>alert(1)</script>'), mimetype: 'text/html' },
      ],
    });
    const shown = message('This is how it looks').locator('img');
    await shown.waitFor();
    expect(await shown.getAttribute('alt')).toBe('screen.png');
    await expect.poll(() => shown.evaluate((image) => (image as HTMLImageElement).naturalWidth)).toBe(1);
    const other = (sent.files as { id: string }[])[1]!.id;
    const response = await systemFetch(`${sandbox.url}/files/${other}`);
    expect(response.headers.get('content-type')).toBe('application/octet-stream');
    expect(response.headers.get('content-disposition')).toBe('attachment');
    expect((await systemFetch(`${sandbox.url}/files/F0NOTHING`)).status).toBe(404);
  });

  it('takes a ticket as a customer and shows internal notes for what they are', async () => {
    await page.click('#tab-tickets');
    await page.click('#new-ticket');
    await page.selectOption('#ticket-as', { label: 'Greta Olufsen, Copperhatch Brewing' });
    await page.fill('#ticket-subject', 'Refund, please');
    await page.fill('#ticket-text', 'We were charged <b>twice</b>.');
    await page.getByRole('button', { name: 'Send to support' }).click();
    const ticket = page.locator('#tickets article', { hasText: 'Refund, please' });
    await ticket.waitFor();
    const made = [...sandbox.simulators.zendesk.state.tickets.values()].at(-1)!;
    sandbox.simulators.zendesk.human.comment(
      made.id,
      { name: 'Noor Haddad', email: 'noor@tallymoor.example' },
      'Filed as ENG-1.',
      false,
    );
    await ticket.locator('summary').click();
    await ticket.locator('.comment-note', { hasText: 'Filed as ENG-1.' }).getByText('Internal note').waitFor();
    expect(await ticket.locator('.comment').first().innerText()).toContain('<b>twice</b>');
  });

  it('lets invented customers go on writing until they are told to stop', async () => {
    const written = () =>
      [...sandbox.simulators.slack.state.channels.values()].reduce((sum, one) => sum + one.messages.length, 0) +
      [...sandbox.simulators.zendesk.state.tickets.values()].reduce((sum, one) => sum + one.comments.length, 0);
    const before = written();
    await page.click('#chatter');
    await page.locator('#chatter[aria-pressed="true"]').waitFor();
    await expect.poll(written).toBeGreaterThan(before);
    await page.click('#chatter');
    await page.locator('#chatter[aria-pressed="false"]').waitFor();
  });

  it('says that the bot is down, and when it is back', async () => {
    const first = sandbox.bot.pid!;
    process.kill(first, 'SIGKILL');
    await page.locator('#status', { hasText: 'Bot is down' }).waitFor();
    await page.locator('#banner', { hasText: 'is started again' }).waitFor();
    await page.locator('#status', { hasText: 'Bot is running' }).waitFor();
    expect(sandbox.bot.pid).not.toBe(first);
  });

  it('made no mistake in the browser all the while', () => {
    // The browser itself reports an act that was refused (404 of a lineage, say); ours are exceptions and blocked content.
    expect(mistakes.filter((one) => !one.startsWith('Failed to load resource'))).toEqual([]);
  });
});

it('remembers everything from one start to the next, and forgets it when asked to begin anew', async () => {
  const told = ({ simulators }: Sandbox) => ({
    channels: [...simulators.slack.state.channels.values()].map(({ name, messages }) => [
      name,
      messages.map((one) => [one.ts, one.text]),
    ]),
    tickets: [...simulators.zendesk.state.tickets.values()],
  });
  const first = await open('kept');
  await first.settled;
  first.simulators.linear.human.create('Something to remember');
  const before = told(first);
  const ids = first.simulators.slack.state.idsGiven;
  await first.close();

  const second = await open('kept');
  await second.settled;
  expect(told(second)).toEqual(before);
  expect(second.bot.url).toBe(first.bot.url);
  expect([...second.simulators.linear.state.issues.values()].map((one) => one.identifier)).toEqual(['ENG-1']);
  expect(second.simulators.linear.human.create('The next one').identifier).toBe('ENG-2');
  expect(second.simulators.slack.state.idsGiven).toBeGreaterThanOrEqual(ids);
  const said = second.simulators.slack.human.post('maya', 'support', 'I am back');
  expect(second.simulators.slack.state.message('support', said.ts).text).toBe('I am back');
  const ticket = second.simulators.zendesk.human.createTicket(
    { name: 'Greta Olufsen', email: 'greta@copperhatch.example' },
    { subject: 'Again', body: 'Again' },
  );
  expect(Number(ticket.id)).toBe(before.tickets.length + 1);
  await second.close();

  const third = await open('kept', 0, true);
  await third.settled;
  expect(third.simulators.linear.state.issues.size).toBe(0);
  expect(JSON.stringify(told(third))).not.toContain('I am back');
  await third.close();
});

it('ends the bot of a sandbox that was killed, and nobody else', async () => {
  const dataDir = join(folder, 'leftover');
  mkdirSync(dataDir);
  const bot = join(dataDir, 'bot.mjs');
  writeFileSync(bot, 'setInterval(() => {}, 1000); process.stdout.write("up");');
  const up = async (file: string) => {
    const child = spawn(process.execPath, [file], { stdio: ['ignore', 'pipe', 'ignore'] });
    await once(child.stdout, 'data');
    return child;
  };
  const stranger = join(dataDir, 'stranger.mjs');
  copyFileSync(bot, stranger);
  const [left, other] = await Promise.all([up(bot), up(stranger)]);
  const pidFile = join(dataDir, 'bot.pid');
  const ended = once(left, 'exit');
  writeFileSync(pidFile, String(left.pid));
  await stopLeftover({ pidFile, command: [bot], clock: systemClock });
  await ended;
  writeFileSync(pidFile, String(other.pid));
  await stopLeftover({ pidFile, command: [bot], clock: systemClock });
  expect(other.exitCode ?? other.signalCode).toBeNull();
  other.kill('SIGKILL');
});

it('refuses to start twice on one folder, and says where the first one is', async () => {
  await expect(open('main')).rejects.toThrow(`open ${sandbox.url}`);
  expect(sandbox.bot.pid).not.toBeNull();
});

it('takes the next port when the one it was given is busy', async () => {
  const busy = createServer();
  const port = await new Promise<number>((resolve) => {
    busy.listen(0, '127.0.0.1', () => resolve((busy.address() as { port: number }).port));
  });
  const second = await open('second', port);
  try {
    expect(Number(new URL(second.url).port)).toBeGreaterThan(port);
    expect((await fetch(second.url)).headers.get('content-security-policy')).toContain("script-src 'self'");
  } finally {
    await second.close();
    busy.close();
  }
});

it('answers no other site', async () => {
  const act = { verb: 'post', as: 'maya', channel: 'support', text: 'from elsewhere' };
  const post = (origin: string) =>
    fetch(`${sandbox.url}/api/act`, {
      method: 'POST',
      headers: { origin, 'content-type': 'application/json' },
      body: JSON.stringify(act),
    });
  expect((await post('https://evil.example')).status).toBe(403);
  expect((await post('null')).status).toBe(403);
  expect(JSON.stringify(sandbox.simulators.slack.state.timeline('support'))).not.toContain('from elsewhere');
});

it('refuses an act that it does not understand, with the field', async () => {
  const response = await fetch(`${sandbox.url}/api/act`, {
    method: 'POST',
    body: JSON.stringify({ verb: 'post', as: 'maya', channel: 'support' }),
  });
  expect([response.status, await response.json()]).toEqual([
    400,
    { ok: false, error: expect.stringContaining('text'), errors: {} },
  ]);
});

it('gives the bot the model and its key, and no credential of the person who started it', () => {
  const env = environmentForBot({
    PATH: '/bin',
    MODEL: 'anthropic:claude',
    ANTHROPIC_API_KEY: 'a',
    OPENAI_API_KEY: 'o',
    SLACK_BOT_TOKEN: 'xoxb-real',
    LINEAR_API_KEY: 'lin_api_real',
    DATABASE_URL: 'postgres://real',
    AWS_SECRET_ACCESS_KEY: 's',
    npm_config_token: 't',
  });
  expect(env).toEqual({ PATH: '/bin', MODEL: 'anthropic:claude', ANTHROPIC_API_KEY: 'a' });
});
