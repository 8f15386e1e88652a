// The door: no credentials start the sandbox, Slack's start the bot, some but not Slack's get the doctor's advice. Nothing else is decided here.
import { join } from 'node:path';
import { type Config, describeProblems, environment, modeOf, readConfig } from './config.ts';
import { AppError, errorLine } from './domain/errors.ts';

// Whoever stops us kills us after ten seconds, and a busy machine needs a moment to end. What is not done by then is taken up at the next
// start, as after a crash.
const STOP_MS = 8_500;
const STOP_SIGNALS = ['SIGTERM', 'SIGINT', 'SIGHUP'] as const;

async function sandbox(config: Config): Promise<void> {
  const [{ startSandbox }, { systemClock, systemFetch }] = await Promise.all([
    import('./sandbox/main.ts'),
    import('./system.ts'),
  ]);
  await startSandbox({
    port: config.PORT,
    dataDir: join(config.DATA_DIR, 'sandbox'),
    clock: systemClock,
    fetch: systemFetch,
    environment: environment(),
    fresh: process.argv.includes('--fresh'),
    print: (line) => process.stdout.write(`${line}\n`),
    onStop: (stop) => {
      for (const signal of STOP_SIGNALS) process.once(signal, stop);
    },
  });
  process.exit(0);
}

async function bot(config: Config): Promise<void> {
  const { keepSmall } = await import('./system.ts');
  const { relax } = keepSmall();
  const { buildApp } = await import('./app.ts');
  const starting = buildApp(config, { relax });
  let stopping = false;
  for (const signal of STOP_SIGNALS) {
    process.on(signal, () => {
      // The second signal means now: somebody is waiting at the keyboard.
      if (stopping) process.exit(1);
      stopping = true;
      setTimeout(() => process.exit(0), STOP_MS);
      // A signal during the start waits for its end: half a start cannot be stopped in order.
      void starting.then((app) => app.stop()).then(() => process.exit(0));
    });
  }
  const app = await starting;
  if (!stopping) process.stdout.write(`Throughline is ready at ${app.url}\n`);
}

async function advice(): Promise<never> {
  const [{ doctor }, { ownTerminal }] = await Promise.all([import('./ops/doctor.ts'), import('./ops/terminal.ts')]);
  await doctor(ownTerminal());
  process.stderr.write('Throughline needs Slack to start. Without any credential, npm start opens the sandbox.\n');
  process.exit(1);
}

const read = readConfig();
if (!read.ok) {
  process.stderr.write(describeProblems(read.problems));
  process.exit(1);
}
try {
  await { sandbox, bot, incomplete: advice }[modeOf(read.config)](read.config);
} catch (error) {
  const known = error instanceof AppError;
  // A folder or a port that is taken says all there is to say; anything else may lie in one of the connections.
  const more = known && error.code === 'conflict' ? '' : ' npm run doctor looks at every connection.';
  process.stderr.write(`Throughline could not start. ${known ? error.message : errorLine(error)}${more}\n`);
  process.exit(1);
}
