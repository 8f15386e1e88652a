// A file that nobody here wrote, through the whole product. The files are not ours to pass on: PUBLIC_DATA_DIR names the folder that has them.
import { copyFile, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { STAFF_ONLY } from '#src/domain/visibility.ts';
import { importFile, planImport } from '#src/ops/import-file.ts';
import { handsOf } from '#test/support/hands.ts';
import { startRig } from '#test/support/rig.ts';

const folder = process.env.PUBLIC_DATA_DIR;
const MINUTES_MS = 180_000;
if (!folder) console.log('PUBLIC_DATA_DIR is not set: no public file is imported.');

it.skipIf(!folder)(
  'ends with themes and insights, and with nothing in the channel',
  { timeout: MINUTES_MS },
  async () => {
    const own = await mkdtemp(join(tmpdir(), 'throughline-import-'));
    const rig = await startRig();
    try {
      const file = join(own, 'requests.jsonl');
      await copyFile(join(folder!, 'themes', 'bitext2022.test.jsonl'), file);
      const rows = (await readFile(file, 'utf8')).trimEnd().split('\n').length;
      const result = await importFile(rig.app, await planImport({ file, eachRowItsOwnReporter: true }));
      expect(result).toMatchObject({ rows, accepted: rows, rejected: 0 });
      await rig.settle();
      const { signals, themes, insights } = await rig.app.count();
      expect(signals).toBe(rows);
      expect(themes).toBeGreaterThan(20);
      expect(themes).toBeLessThan(rows / 4);
      expect(insights).toBeGreaterThan(15);
      expect((await rig.app.verbs.insights(STAFF_ONLY)).every(({ state }) => state === 'unposted')).toBe(true);
      expect(handsOf(rig).parents()).toEqual([]);
    } finally {
      await rig.close();
      await rm(own, { recursive: true, force: true });
    }
  },
);
