// Health: how each connection is. What was heard and done stands in the rows, what just answered is overheard, and a live check is made on demand.
import { z } from 'zod';
import type { CheckResult, HealthRows, SystemHealth, SystemId } from '#src/domain/admin.ts';
import { SYSTEMS } from '#src/domain/admin.ts';
import { errorLine } from '#src/domain/errors.ts';
import type { Clock, Db, Telemetry } from '#src/domain/ports.ts';
import type { Cursors } from '#src/domain/stores.ts';

// A person waits for the result; a connection that takes longer is not well.
const PATIENCE_MS = 15_000;

const Checked = z.object({ at: z.string(), ok: z.boolean(), detail: z.string(), fix: z.string().nullable() });

/** The live check of one system; several of one system are told together. */
export interface Check {
  system: SystemId;
  probe: () => Promise<{ ok: boolean; detail: string; fix?: string }>;
}

export interface HealthDeps {
  db: Db;
  rows: HealthRows;
  cursors: Cursors;
  answers: Answers;
  /** What is connected at all. */
  connected: () => readonly SystemId[];
  checks: () => Check[];
  /** Takes every secret of the configuration out of a text. */
  hide: (text: string) => string;
  clock: Clock;
}

/** How everything is. */
export interface Health {
  now(): Promise<SystemHealth[]>;
  check(): Promise<SystemHealth[]>;
}

/** When each system last answered and last failed, since this process began. */
export interface Answers {
  of(system: string): { ok: string | null; failed: string | null };
}

/** Telemetry that overhears who answers: every step outside the process is named `<system>.<what>`. */
export function overhear(inner: Telemetry, clock: Clock): { telemetry: Telemetry; answers: Answers } {
  const heard = new Map<string, { ok: string | null; failed: string | null }>();
  const note = (point: string, what: 'ok' | 'failed') => {
    const system = point.split('.')[0]!;
    heard.set(system, { ...(heard.get(system) ?? NEVER), [what]: clock.now().toISOString() });
  };
  return {
    answers: { of: (system) => heard.get(system) ?? NEVER },
    telemetry: {
      count: (...args) => inner.count(...args),
      observe: (...args) => inner.observe(...args),
      async around(point, run) {
        try {
          const result = await inner.around(point, run);
          note(point, 'ok');
          return result;
        } catch (error) {
          note(point, 'failed');
          throw error;
        }
      },
    },
  };
}

const NEVER = { ok: null, failed: null };

/** Makes it. */
export function createHealth(deps: HealthDeps): Health {
  const { db, clock } = deps;
  const health: Health = {
    async now() {
      const [heard, acted, ...checked] = await Promise.all([
        deps.rows.heard(db, SYSTEMS),
        deps.rows.acted(db),
        ...SYSTEMS.map((system) => lastCheck(system)),
      ]);
      const connected = new Set(deps.connected());
      return SYSTEMS.map((system, index): SystemHealth => {
        const { ok, failed } = deps.answers.of(system === 'database' ? 'commit' : system);
        return {
          system,
          connected: connected.has(system),
          heardAt: heard.get(system) ?? null,
          answeredAt: later(ok, acted.get(system) ?? null),
          failedAt: failed !== null && (ok === null || ok < failed) ? failed : null,
          checked: checked[index] ?? null,
        };
      });
    },

    async check() {
      const results = await Promise.all(
        deps.checks().map(async ({ system, probe }) => ({ system, ...(await patiently(probe)) })),
      );
      const at = clock.now();
      for (const system of SYSTEMS) {
        const parts = results.filter((result) => result.system === system);
        if (parts.length === 0) continue;
        const failed = parts.filter(({ ok }) => !ok);
        const told = failed.length > 0 ? failed : parts;
        const fixes = told.flatMap(({ fix }) => (fix ? [fix] : []));
        const result: CheckResult = {
          at: at.toISOString(),
          ok: failed.length === 0,
          detail: deps.hide(told.map(({ detail }) => detail).join('; ')),
          fix: failed.length > 0 && fixes.length > 0 ? deps.hide(fixes.join(' ')) : null,
        };
        await deps.cursors.set(db, nameOf(system), JSON.stringify(result), at);
      }
      return health.now();
    },
  };
  return health;

  async function lastCheck(system: SystemId): Promise<CheckResult | null> {
    const kept = await deps.cursors.get(db, nameOf(system));
    return kept === null ? null : Checked.parse(JSON.parse(kept));
  }

  /** A check that throws or hangs has failed like one that says so. */
  async function patiently(probe: Check['probe']): ReturnType<Check['probe']> {
    const silence = Promise.withResolvers<Awaited<ReturnType<Check['probe']>>>();
    const timer = setTimeout(
      () =>
        silence.resolve({
          ok: false,
          detail: `No answer within ${PATIENCE_MS / 1000} seconds.`,
          fix: 'Check the network between here and there.',
        }),
      PATIENCE_MS,
    );
    try {
      return await Promise.race([probe(), silence.promise]);
    } catch (error) {
      return { ok: false, detail: errorLine(error) };
    } finally {
      clearTimeout(timer);
    }
  }
}

function nameOf(system: SystemId): string {
  return `health.${system}`;
}

function later(a: string | null, b: string | null): string | null {
  return a !== null && (b === null || a > b) ? a : b;
}
