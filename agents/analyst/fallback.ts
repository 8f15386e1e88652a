// Model first, rules behind it: whoever answered signs the draft. A provider that keeps failing is left alone for a while.
import type { Analyst, AnalystConversation, ThemeBrief } from '#src/domain/analyst.ts';
import { AppError, ExternalError } from '#src/domain/errors.ts';
import type { ObservationDraft } from '#src/domain/observation.ts';
import type { Clock, Log, Telemetry } from '#src/domain/ports.ts';
import { inTurns } from './turns.ts';

export interface FallbackDeps {
  model: Analyst;
  builtin: Analyst;
  clock: Clock;
  log: Log;
  telemetry: Telemetry;
}

const BREAKER_FAILURES = 5;
const BREAKER_PAUSE_MS = 30_000;
const AT_ONCE = 4;
/** From here on, what the rules call noise is not worth a question: greetings, thanks, nothing at all. */
const PLAIN_NOISE = 0.9;

/** Makes the analyst. It never throws for what a model or a provider did; what the built-in analyst throws, it throws. */
export function createFallbackAnalyst(deps: FallbackDeps): Analyst {
  const breaker = createBreaker(deps.clock);

  async function withFallback<T>(what: string, ask: () => Promise<T>, instead: () => Promise<T>): Promise<T> {
    if (!breaker.allows()) {
      deps.telemetry.count('analyst_fallbacks_total', { what, reason: 'resting' });
      return instead();
    }
    try {
      const answer = await ask();
      breaker.succeeded();
      return answer;
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
      // A refusal and a bad answer are about one text: the provider is well.
      if (error instanceof ExternalError) breaker.failed(error.retryAfterMs);
      else breaker.succeeded();
      deps.log.warn({ what, code: error.code, resting: !breaker.allows() }, 'the model did not answer; rules stand in');
      deps.telemetry.count('analyst_fallbacks_total', { what, reason: error.code });
      return instead();
    }
  }

  async function observeOne(conversation: AnalystConversation, rules: ObservationDraft): Promise<ObservationDraft> {
    if (rules.isNoise && rules.confidence.isNoise >= PLAIN_NOISE) return rules;
    return withFallback(
      'observe',
      async () => (await deps.model.observe([conversation]))[0]!,
      async () => rules,
    );
  }

  return {
    name: `${deps.model.name}+${deps.builtin.name}`,
    version: `${deps.model.version}+${deps.builtin.version}`,
    async observe(batch) {
      const rules = await deps.builtin.observe(batch);
      const pairs = batch.map((conversation, at) => ({ conversation, rules: rules[at]! }));
      return inTurns(pairs, AT_ONCE, (pair) => observeOne(pair.conversation, pair.rules));
    },
    describe: (theme: ThemeBrief) =>
      withFallback(
        'describe',
        () => deps.model.describe(theme),
        () => deps.builtin.describe(theme),
      ),
  };
}

/** Counts failures in a row. Resting, it lets one try through after the pause, and rests again when that one fails. */
function createBreaker(clock: Clock) {
  let failures = 0;
  let restsUntilMs = 0;
  return {
    allows: () => clock.now().getTime() >= restsUntilMs,
    succeeded() {
      failures = 0;
      restsUntilMs = 0;
    },
    failed(retryAfterMs: number | null) {
      failures++;
      const pauseMs = retryAfterMs ?? (failures >= BREAKER_FAILURES ? BREAKER_PAUSE_MS : 0);
      if (pauseMs > 0) restsUntilMs = clock.now().getTime() + pauseMs;
    },
  };
}
