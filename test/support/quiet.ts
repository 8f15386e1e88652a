// Ports for tests that are not about what is logged or measured.
import type { Log, Telemetry } from '#src/domain/ports.ts';

/** Says nothing. */
export const quietLog: Log = {
  debug() {},
  info() {},
  warn() {},
  error() {},
  child: () => quietLog,
};

/** Measures nothing, and runs what it is given. */
export const quietTelemetry: Telemetry = {
  around: (_point, run) => run(),
  count() {},
  observe() {},
};
