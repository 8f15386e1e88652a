// The door: no credentials start the sandbox, Slack's start the bot, some but not Slack's get the doctor's advice. Nothing else is decided here.
import { join } from 'node:path';
import { describeProblems, environment, modeOf, readConfig } from './config.ts';
import { AppError, errorLine } from './domain/errors.ts';

const read = readConfig();
if (!read.ok) {
  process.stderr.write(describeProblems(read.problems));
  process.exit(1);
}
const { config } = read;
const mode = modeOf(config);

if (mode === 'incomplete') {
  const [{ doctor }, { ownTerminal }] = await Promise.all([import('./ops/doctor.ts'), import('./ops/terminal.ts')]);
  await doctor(ownTerminal());
  process.stderr.write('Throughline needs Slack to start. Without any credential, npm start opens the sandbox.\n');
  process.exit(1);
}

try {
  if (mode === 'sandbox') {
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
        for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.once(signal, stop);
      },
    });
    process.exit(0);
  } else {
    const { keepSmall } = await import('./system.ts');
    const { relax } = keepSmall();
    const { buildApp } = await import('./app.ts');
    const app = await buildApp(config, { relax });
    process.stdout.write(`Throughline is ready at ${app.url}\n`);
    let stopping = false;
    for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) {
      process.on(signal, () => {
        // The second signal means now: somebody is waiting at the keyboard.
        if (stopping) process.exit(1);
        stopping = true;
        void app.stop().then(() => process.exit(0));
      });
    }
  }
} catch (error) {
  process.stderr.write(
    `Throughline could not start. ${error instanceof AppError ? error.message : errorLine(error)}\n`,
  );
  process.exit(1);
}
