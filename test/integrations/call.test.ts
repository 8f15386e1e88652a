// The one way out: what is repeated, what is given up, and when a system is left alone for a while.
import { expect, it } from 'vitest';
import { createCaller } from '#integrations/call.ts';
import { ExternalError } from '#src/domain/errors.ts';
import type { LogFields } from '#src/domain/ports.ts';
import { quietLog, quietTelemetry } from '#test/support/quiet.ts';

const down = (retryAfterMs: number | null = null) =>
  new ExternalError('unavailable', 'Linear is down.', {
    system: 'linear',
    operation: 'x',
    retryable: true,
    retryAfterMs,
  });
const refused = new ExternalError('refused', 'Linear refused the token.', { system: 'linear', operation: 'x' });

function setUp() {
  const slept: number[] = [];
  const lines: LogFields[] = [];
  const call = createCaller('linear', {
    clock: {
      now: () => new Date('2025-03-10T10:00:00Z'),
      sleep: async (ms) => {
        slept.push(ms);
      },
    },
    log: { ...quietLog, warn: (fields) => lines.push(fields) },
    telemetry: quietTelemetry,
    toExternalError: (error) => new ExternalError('bad_answer', String(error), { system: 'linear', operation: 'x' }),
  });
  /** Runs answers one after another: an error is thrown, the rest is returned. */
  const answering = (...answers: (string | Error)[]) => {
    let calls = 0;
    const run = async () => {
      const answer = answers[Math.min(calls++, answers.length - 1)]!;
      if (answer instanceof Error) throw answer;
      return answer;
    };
    return { run, calls: () => calls };
  };
  return { call, slept, lines, answering };
}

it('bridges a short failure with two quick repeats', async () => {
  const { call, slept, answering } = setUp();
  const system = answering(down(), down(), 'fine');
  expect(await call('createIssue', system.run)).toBe('fine');
  expect(slept).toEqual([250, 500]);
});

it('gives up after the second repeat, and says in the log that it did', async () => {
  const { call, lines, answering } = setUp();
  const system = answering(down());
  await expect(call('createIssue', system.run)).rejects.toMatchObject({ code: 'unavailable' });
  expect(system.calls()).toBe(3);
  expect(lines.map(({ attempt, again }) => [attempt, again])).toEqual([
    [1, true],
    [2, true],
    [3, false],
  ]);
});

it('repeats nothing that could double an effect, and nothing that was refused', async () => {
  const { call, answering } = setUp();
  const once = answering(down());
  await expect(call('postMessage', once.run, { safeToRepeat: false })).rejects.toThrow('down');
  const never = answering(refused);
  await expect(call('createIssue', never.run)).rejects.toThrow('refused');
  expect([once.calls(), never.calls()]).toEqual([1, 1]);
});

it('waits in place as long as the system asks, and leaves a long wait to the queue', async () => {
  const { call, slept, answering } = setUp();
  expect(await call('createIssue', answering(down(1_500), 'fine').run)).toBe('fine');
  expect(slept).toEqual([1_500]);
  const system = answering(down(60_000));
  await expect(call('createIssue', system.run)).rejects.toMatchObject({ retryAfterMs: 60_000 });
  expect(system.calls()).toBe(1);
});

it('leaves a system alone after eight failures in a row, and says when to come back', async () => {
  const { call, answering } = setUp();
  const system = answering(down());
  for (let i = 0; i < 8; i++)
    await expect(call('createIssue', system.run, { safeToRepeat: false })).rejects.toThrow('down');
  await expect(call('createIssue', system.run)).rejects.toMatchObject({
    code: 'unavailable',
    retryable: true,
    retryAfterMs: 15_000,
  });
  expect(system.calls()).toBe(8);
});

it('counts a refusal as an answer: a wrong token does not close the line', async () => {
  const { call, answering } = setUp();
  for (let i = 0; i < 20; i++) await expect(call('createIssue', answering(refused).run)).rejects.toThrow('refused');
  expect(await call('createIssue', answering('fine').run)).toBe('fine');
});

it('leaves the effect open when no answer came in time', async () => {
  const { call } = setUp();
  const silent = (signal: AbortSignal) =>
    new Promise<never>((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
  await expect(call('createIssue', silent, { timeoutMs: 5, safeToRepeat: false })).rejects.toMatchObject({
    code: 'timeout',
    effectUnknown: true,
  });
});

it('maps what an SDK throws to an error that somebody can act on', async () => {
  const { call, answering } = setUp();
  await expect(call('createIssue', answering(new TypeError('x is undefined')).run)).rejects.toMatchObject({
    code: 'bad_answer',
  });
});
