// The stage for pictures: a page of the sandbox, and the few things that a person does there, one call each.
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import type { Browser, Locator, Page } from 'playwright-core';
import type { Sandbox } from '#src/sandbox/main.ts';
import { systemFetch } from '#src/system.ts';

const SIZE = { width: 1440, height: 960 };
const TALL = 2_600;

/** What a scene works with. People and rooms go by their names in the sandbox. */
export interface Stage {
  page: Page;
  sandbox: Sandbox;
  become(handle: string): Promise<void>;
  enter(room: string): Promise<void>;
  /** Opens the app's Home tab, or the conversation with it. */
  open(tab: 'home' | 'messages'): Promise<void>;
  /** Types into the channel and sends; a command when it begins with a slash. */
  type(text: string): Promise<void>;
  /** Customers say these things in #support, one after the other, and the product understands them. */
  complain(said: readonly (readonly [who: string, text: string])[]): Promise<void>;
  /** The newest message in the room that holds these words. */
  message(words: string | RegExp): Locator;
  /** What only this person sees, the newest. */
  mine(): Locator;
  dialog(): Locator;
  /** Closes the window that is open. */
  shut(): Promise<void>;
  set(key: string, value: string): void;
  /** Keeps a picture of the page, or of one element with some air around it. */
  keep(name: string, element?: Locator): Promise<void>;
  keepFailure(scene: string): Promise<void>;
  /** Waits until the bot and the simulators have nothing to do. */
  settle(): Promise<void>;
}

/** Opens the page with a font for emoji, which machines without a desktop lack. */
export async function openStage(options: {
  browser: Browser;
  sandbox: Sandbox;
  out: string;
  dataDir: string;
  /** Names of the pictures to keep; all when empty. */
  wanted: readonly string[];
}): Promise<Stage> {
  const { browser, sandbox, out, dataDir, wanted } = options;
  const context = await browser.newContext({
    viewport: SIZE,
    deviceScaleFactor: 1,
    bypassCSP: true,
    locale: 'en-US',
  });
  const page = await context.newPage();
  page.setDefaultTimeout(20_000);
  await page.goto(sandbox.url);
  await page.addStyleTag({ content: emojiFont() });
  await page.locator('#status', { hasText: 'Bot is running' }).waitFor();
  const { slack, linear, zendesk } = sandbox.simulators;

  const stage: Stage = {
    page,
    sandbox,
    async become(handle) {
      if ((await page.locator(`[data-person="${handle}"][aria-pressed="true"]`).count()) > 0) return;
      await page.click('#persona-now');
      await page.click(`[data-person="${handle}"]`);
      await page.waitForSelector(`[data-person="${handle}"][aria-pressed="true"]`, { state: 'attached' });
    },
    async enter(room) {
      await page.click(`[data-channel="${room}"]`);
      await page.waitForSelector(`[data-channel="${room}"][aria-current="page"]`);
    },
    async open(tab) {
      await page.click(`[data-app="${tab}"]`);
      await stage.settle();
    },
    async type(text) {
      await page.fill('[data-composer="channel"]', text);
      await page.press('[data-composer="channel"]', 'Enter');
      await stage.settle();
    },
    async complain(said) {
      for (const [who, text] of said) {
        slack.human.post(who, 'support', text);
        await stage.settle();
      }
    },
    message: (words) => page.locator('#messages article', { hasText: words }).last(),
    mine: () => page.locator('#messages article:has(.only-you)').last(),
    dialog: () => page.locator('dialog[open]').last(),
    async shut() {
      await page.keyboard.press('Escape');
      await page.locator('dialog[open]').waitFor({ state: 'detached' });
      await stage.settle();
    },
    set(key, value) {
      const ran = spawnSync(process.execPath, ['src/ops/settings.ts', 'set', key, value], {
        env: { ...process.env, DATA_DIR: join(dataDir, 'bot') },
        encoding: 'utf8',
      });
      if (ran.status !== 0) throw new Error(ran.stderr || ran.stdout);
    },
    async keep(name, element) {
      if (wanted.length > 0 && !wanted.includes(name)) return;
      const path = join(out, `${name}.png`);
      // The notice about who one is now, or that something was sent, fades.
      await page
        .locator('.toast')
        .first()
        .waitFor({ state: 'detached' })
        .catch(() => {});
      if (!element) await page.screenshot({ path, animations: 'disabled' });
      else {
        // A long message is whole only in a tall window; the thread fills whatever it is given.
        if ((await element.getAttribute('id')) !== 'thread')
          await page.setViewportSize({ width: SIZE.width, height: TALL });
        await element.scrollIntoViewIfNeeded();
        await page.waitForTimeout(150);
        await element.screenshot({ path, animations: 'disabled' });
        await page.setViewportSize(SIZE);
      }
      process.stdout.write(`docs/pictures/${name}.png\n`);
    },
    async keepFailure(scene) {
      await page.screenshot({ path: join(dataDir, '..', `throughline-failed-${scene}.png`) }).catch(() => {});
      spawnSync('cp', [join(dataDir, 'bot.log'), join(dataDir, '..', `throughline-failed-${scene}.log`)]);
      await page.setViewportSize(SIZE);
      for (let open = await page.locator('dialog[open]').count(); open > 0; open--) await page.keyboard.press('Escape');
    },
    async settle() {
      // Deliveries end first, then the bot's own work shows: its metrics count what is waiting.
      const headers = { authorization: `Bearer ${sandbox.bot.apiToken}` };
      for (let quiet = 0; quiet < 2; ) {
        await Promise.all([slack.idle(), linear.idle(), zendesk.idle()]);
        const metrics = await (await systemFetch(`${sandbox.bot.url}/metrics`, { headers })).text();
        quiet = /^throughline_queue_waiting 0$/m.test(metrics) ? quiet + 1 : 0;
        await page.waitForTimeout(quiet === 0 ? 100 : 250);
      }
    },
  };
  return stage;
}

// The npm package cuts the font into pieces; the page takes them all from memory.
function emojiFont(): string {
  const css = createRequire(import.meta.url).resolve('@fontsource/noto-emoji/400.css');
  const source = readFileSync(css, 'utf8').replace(/url\(\.\/([^)]+\.woff2)\)/g, (_, file: string) => {
    const bytes = readFileSync(join(dirname(css), file));
    return `url(data:font/woff2;base64,${bytes.toString('base64')})`;
  });
  return `${source}\nbody, button, input, textarea, select { font-family: system-ui, 'DejaVu Sans', 'Noto Emoji', sans-serif; }`;
}
