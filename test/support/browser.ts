// A real browser for tests of pages: the one that npm brings, else the machine's own. In CI it is never skipped.
import { existsSync, statSync } from 'node:fs';
import chromium from '@sparticuz/chromium';
import { type Browser, chromium as playwright } from 'playwright-core';

/** Debian's packages that the browser from npm needs beside glibc, for a machine where it does not start. */
const DEBIAN_PACKAGES = 'libnss3 libnspr4 libexpat1 libfontconfig1 fonts-dejavu-core';
const SYSTEM_BROWSERS = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];
// Unpacking takes two seconds on a quiet machine.
const UNPACKING_MS = 15_000;
const FLAGS = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  // Small /dev/shm in containers.
  '--disable-dev-shm-usage',
];

export type Launched = { browser: Browser } | { browser: null; reason: string };

/** Starts a browser. Where none can be started, says why; in CI (the variable CI is true) it throws instead, so that nothing is skipped there. */
export async function launchBrowser(): Promise<Launched> {
  const reasons: string[] = [];
  const candidates = [fromNpm, ...SYSTEM_BROWSERS.filter(existsSync).map((path) => () => start(path))];
  for (const candidate of candidates) {
    try {
      return { browser: await candidate() };
    } catch (error) {
      reasons.push(error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error));
    }
  }
  const reason = `No browser starts here (${reasons.join('; ')}). On Debian: apt-get install ${DEBIAN_PACKAGES}, or apt-get install chromium.`;
  if (process.env.CI === 'true') throw new Error(reason);
  return { browser: null, reason };
}

const start = (executablePath: string) => playwright.launch({ executablePath, headless: true, args: FLAGS });

// The package unpacks its browser into the temporary folder on first use, and takes a file that is there for a whole one. Two test files
// that start together would so run a half-written browser: while the file is young, a failed start is tried again.
async function fromNpm(): Promise<Browser> {
  for (;;) {
    const path = await chromium.executablePath();
    try {
      return await start(path);
    } catch (error) {
      const youngMs = Date.now() - statSync(path).mtimeMs;
      if (youngMs > UNPACKING_MS) throw error;
      await new Promise((resolve) => setTimeout(resolve, 250));
    }
  }
}
