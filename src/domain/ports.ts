// The few interfaces that every ring of the house may ask for. Whoever starts the app decides what stands behind them.

/** Time. Nothing else in the product reads the machine's clock, so that a test can be in March. */
export interface Clock {
  now(): Date;
  /** Resolves after `ms` milliseconds, or at once when `signal` is aborted. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

export type LogFields = Record<string, string | number | boolean | null | undefined | readonly string[]>;

/** Structured log lines: ids, counts and codes only, never text from a customer. */
export interface Log {
  debug(fields: LogFields, message: string): void;
  info(fields: LogFields, message: string): void;
  warn(fields: LogFields, message: string): void;
  error(fields: LogFields, message: string): void;
  child(fields: LogFields): Log;
}

/**
 * Where the product tells what it does. `around` brackets each step that leaves the process or makes something durable (an external call,
 * a commit): it is where a span begins and ends, where a duration is measured, and where a test may pull the plug.
 */
export interface Telemetry {
  around<T>(point: string, run: () => Promise<T>): Promise<T>;
  count(metric: string, labels?: Record<string, string>, by?: number): void;
  observe(metric: string, value: number, labels?: Record<string, string>): void;
}

/** The network, as a port: simulators and tests put their own behind it. */
export type Fetch = typeof globalThis.fetch;

/** One open transaction, or the pool itself: something that runs SQL. Only storage looks inside; everybody else hands it on. */
export interface Tx {
  // biome-ignore lint/suspicious/noExplicitAny: the caller names the row it asked for; the driver cannot know it.
  query<Row extends Record<string, any>>(text: string, values?: readonly unknown[]): Promise<Row[]>;
}

/**
 * The database. `name` says what the transaction makes durable, for traces and for the tests that kill us there. `run` is called again when the
 * server ended it in favour of another transaction: it changes rows, and nothing that a rollback would not take back.
 */
export interface Db extends Tx {
  transaction<T>(name: string, run: (tx: Tx) => Promise<T>): Promise<T>;
}
