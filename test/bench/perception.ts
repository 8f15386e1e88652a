// npm run bench: what one message costs. Prints each figure as a ratio of its limit; never a test, since other work on the machine counts too.
import { createBuiltinAnalyst } from '#agents/analyst/builtin/index.ts';
import { createThemeIndex } from '#agents/theme/index.ts';
import { redactText } from '#src/domain/redaction.ts';
import { embedText, encodeVector } from '#src/domain/vector.ts';

const RUNS = 200;
const OBSERVATIONS = 10_000;

/** Median and 95th percentile in milliseconds. */
async function timed(run: (at: number) => unknown): Promise<{ median: number; p95: number }> {
  const times: number[] = [];
  for (let at = 0; at < RUNS; at++) {
    const started = performance.now();
    await run(at);
    times.push(performance.now() - started);
  }
  times.sort((a, b) => a - b);
  return { median: times[RUNS / 2]!, p95: times[Math.floor(RUNS * 0.95)]! };
}

function print(what: string, { median, p95 }: { median: number; p95: number }, limitMs: number): void {
  process.stdout.write(
    `${what.padEnd(46)} ${median.toFixed(2).padStart(8)} ms   p95 ${p95.toFixed(2)} ms, ${(median / limitMs).toFixed(2)} of the limit ${limitMs} ms\n`,
  );
}

// Words of three syllables, so that as many are shared as in a real workspace and no more.
const SYLLABLES = 'ba ce di fo gu la me ni po ru sa te vi zo ka ne'.split(' ');
const word = (seed: number) => [seed, seed >> 4, seed >> 8].map((part) => SYLLABLES[(part * 7 + 3) % 16]!).join('');
const sentence = (at: number) =>
  `the ${word(at % 900)} of my ${word((at * 31) % 2100)} ${at % 3 ? 'fails' : 'is slow'} since ${word((at * 17) % 400)} ${word((at * 13) % 3000)}`;
const vector = (text: string) => encodeVector(embedText(redactText(text)));

const dense =
  'Call +49 30 1234567 or mail jo@example.com, card 4111 1111 1111 1111, password: hunter2, from 10.0.0.1. ';
const kilobyte = dense.repeat(10).slice(0, 1024);
print('redact a kilobyte', await timed(() => redactText(kilobyte)), 2);

const analyst = createBuiltinAnalyst();
print(
  'observe a message, built-in analyst',
  await timed((at) =>
    analyst.observe([
      {
        conversationId: 'c',
        conversationRevision: 'r',
        messages: [{ role: 'customer', text: redactText(sentence(at)) }],
      },
    ]),
  ),
  5,
);

const index = createThemeIndex();
for (let at = 0; at < OBSERVATIONS; at++) index.add(`o${at}`, `t${at % 160}`, vector(sentence(at)));
print(
  `assign and take in, among ${OBSERVATIONS} observations`,
  await timed((at) => {
    const bytes = vector(sentence(at * 37 + 5));
    index.add(`new${at}`, index.assign(bytes).themeId ?? 't', bytes);
  }),
  2,
);
