// The machine behind the ports: the clock, the network, log lines and metrics. The one file that touches them.
import { setTimeout as delay } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { type Logger, pino } from 'pino';
import { Counter, collectDefaultMetrics, Histogram, Registry } from 'prom-client';
import type { Clock, Fetch, Log, LogFields, Telemetry } from '#src/domain/ports.ts';

/** The machine's time. */
export const systemClock: Clock = {
  now: () => new Date(),
  async sleep(ms, signal) {
    await delay(ms, undefined, { ref: true, ...(signal ? { signal } : {}) }).catch((error: Error) => {
      if (error.name !== 'AbortError') throw error;
    });
  },
};

/** The machine's network. */
export const systemFetch: Fetch = (input, init) => fetch(input, init);

// V8 keeps what a burst of work made it take. Below this much slack a collection is not worth its pause of some ten milliseconds.
const SLACK_BYTES = 48 * 1024 * 1024;

/**
 * Keeps the process small: a small young generation, and a way to give back what a burst of work left behind. Call `relax` when there is
 * nothing to do; it answers how many bytes V8 gave back.
 */
export function keepSmall(): { relax(): number } {
  setFlagsFromString('--max-semi-space-size=4');
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  return {
    relax() {
      const before = process.memoryUsage();
      if (before.heapTotal - before.heapUsed < SLACK_BYTES) return 0;
      collect();
      return before.heapTotal - process.memoryUsage().heapTotal;
    },
  };
}

/** Log lines as JSON on standard output. What looks like a credential is never written, whoever passes it. */
export function createLog(level: string): Log {
  const logger = pino({
    level,
    base: { app: 'throughline' },
    redact: { paths: ['*.token', '*.secret', '*.password', '*.authorization'], remove: true },
  });
  return wrap(logger);
}

function wrap(logger: Logger<never>): Log {
  return {
    debug: (fields, message) => logger.debug(fields, message),
    info: (fields, message) => logger.info(fields, message),
    warn: (fields, message) => logger.warn(fields, message),
    error: (fields, message) => logger.error(fields, message),
    child: (fields: LogFields) => wrap(logger.child(fields)),
  };
}

/** Telemetry that Prometheus can read. */
export interface Metrics extends Telemetry {
  /** The text of `GET /metrics`. */
  text(): Promise<string>;
}

// Seconds; from a cached query to a model that thinks.
const BUCKETS = [0.005, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];

/** Makes the metrics of one app. Names are ours, prefixed `throughline_`; labels are codes with few values. */
export function createMetrics(clock: Clock): Metrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry, prefix: 'throughline_' });
  const counters = new Map<string, Counter>();
  const histograms = new Map<string, Histogram>();
  const metrics: Metrics = {
    async around(point, run) {
      const started = clock.now().getTime();
      try {
        return await run();
      } finally {
        metrics.observe('step_seconds', (clock.now().getTime() - started) / 1000, { point });
      }
    },
    count(metric, labels = {}, by = 1) {
      const name = `throughline_${metric}`;
      const counter =
        counters.get(name) ??
        new Counter({ name, help: `Counts ${metric}.`, labelNames: Object.keys(labels), registers: [registry] });
      counters.set(name, counter);
      counter.inc(labels, by);
    },
    observe(metric, value, labels = {}) {
      const name = `throughline_${metric}`;
      const histogram =
        histograms.get(name) ??
        new Histogram({
          name,
          help: `Distribution of ${metric}.`,
          labelNames: Object.keys(labels),
          buckets: BUCKETS,
          registers: [registry],
        });
      histograms.set(name, histogram);
      histogram.observe(labels, value);
    },
    text: () => registry.metrics(),
  };
  return metrics;
}
