// Which analyst reads the customers' words: the built-in one, or a model with the built-in one behind it.
import type { Analyst } from '#src/domain/analyst.ts';
import type { Clock, Log, Telemetry } from '#src/domain/ports.ts';
import { createBuiltinAnalyst } from './builtin/index.ts';
import { createFallbackAnalyst } from './fallback.ts';
import { createModelAnalyst } from './model.ts';

export interface AnalystOptions {
  /** `provider:name`; null for the built-in analyst alone. */
  model: string | null;
  baseUrl: string | null;
  apiKey: string | null;
  clock: Clock;
  log: Log;
  telemetry: Telemetry;
}

/** The analyst that the configuration names. Throws AppError('bad_config') when the model's package is missing or its name is none. */
export async function createAnalyst(options: AnalystOptions): Promise<Analyst> {
  const builtin = createBuiltinAnalyst();
  const { model, baseUrl, apiKey, clock, log, telemetry } = options;
  if (model === null) return builtin;
  return createFallbackAnalyst({
    model: await createModelAnalyst({ model, baseUrl, apiKey, telemetry }),
    builtin,
    clock,
    log,
    telemetry,
  });
}
