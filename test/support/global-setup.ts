// One PostgreSQL for the whole run, with a template that has every migration: a test gets its own database by copying it.
import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import pg from 'pg';
import type { TestProject } from 'vitest/node';
import { openDb } from '#src/storage/db.ts';
import { startEmbedded } from '#src/storage/embedded.ts';
import { migrate } from '#src/storage/migrate.ts';
import { quietLog, quietTelemetry } from '#test/support/quiet.ts';
import { scratchFolder } from '#test/support/scratch.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** The test server's maintenance database. Make databases of your own with createTestDatabase. */
    postgresUrl: string;
    /** A migrated database to copy; nobody may connect to it. */
    templateDatabase: string;
  }
}

const TEMPLATE = 'throughline_template';

// Waits until the test run is gone, in whatever way, and clears up after it: a killed run cannot do that itself.
const JANITOR = `
  cat >/dev/null
  pid=$(head -n 1 "$0/postgres/data/postmaster.pid" 2>/dev/null)
  if [ -n "$pid" ]; then
    kill -QUIT "$pid" 2>/dev/null
    for i in 1 2 3 4 5 6 7 8 9 10; do kill -0 "$pid" 2>/dev/null && sleep 0.2; done
  fi
  rm -rf "$0"
`;

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const dataDir = await mkdtemp(join(await scratchFolder(), 'throughline-test-'));
  const janitor = spawn('/bin/sh', ['-c', JANITOR, dataDir], { detached: true, stdio: ['pipe', 'ignore', 'ignore'] });
  janitor.unref();
  const server = await startEmbedded({ dataDir, log: quietLog, durable: false, maxConnections: 150 });
  await buildTemplate(server.url);
  project.provide('postgresUrl', server.url);
  project.provide('templateDatabase', TEMPLATE);
  return async () => {
    await server.stop();
    await rm(dataDir, { recursive: true, force: true });
    janitor.stdin?.end();
  };
}

async function buildTemplate(postgresUrl: string): Promise<void> {
  const admin = new pg.Client(postgresUrl);
  await admin.connect();
  try {
    await admin.query(`create database ${TEMPLATE}`);
    const url = new URL(postgresUrl);
    url.pathname = `/${TEMPLATE}`;
    const db = openDb({ url: url.href, log: quietLog, telemetry: quietTelemetry });
    try {
      await migrate(db);
    } finally {
      await db.close();
    }
    // A copy fails while somebody is connected to the original, were it only autovacuum.
    await admin.query(`alter database ${TEMPLATE} is_template true allow_connections false`);
  } finally {
    await admin.end();
  }
}
