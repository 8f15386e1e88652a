import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

// By far the longest: whoever comes after it would be waited for twice.
const FIRST = /\/kill\.test\.ts$/;

/** Starts the longest files first, so that both workers end at about the same time; a clone remembers no durations. */
class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    return [
      ...sorted.filter((file) => FIRST.test(file.moduleId)),
      ...sorted.filter((file) => !FIRST.test(file.moduleId)),
    ];
  }
}

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    globalSetup: ['test/support/global-setup.ts'],
    pool: 'forks',
    maxWorkers: 2,
    sequence: { sequencer: LongestFirst },
    // Generous, because a machine may be busy: a test awaits events, so that a long limit costs nothing when it passes.
    testTimeout: 60_000,
    hookTimeout: 120_000,
    teardownTimeout: 10_000,
  },
});
