// How far a long command has come: a bar for a person at a terminal, a line now and then for a log.
import { SingleBar } from 'cli-progress';
import type { Out } from './terminal.ts';

export interface Progress {
  /** Begins the next part, which is done at `total`; null when nobody knows how much it is. */
  begin(what: string, total: number | null): void;
  /** `words` say more than the bar can: how many, how long. */
  at(value: number, words?: string): void;
  /** Something worth a line of its own. */
  note(line: string): void;
  /** Ends the part; `complete` fills what is left of it. */
  end(complete: boolean): void;
}

// A log needs to show that something moves, not how.
const TENTHS = 10;

/** Makes the progress of one command. */
export function createProgress(out: Out): Progress {
  return out.isTTY ? bar(out) : lines(out);
}

function bar(stream: NodeJS.WriteStream): Progress {
  // Room for the words around the bar on a narrow screen.
  const columns = () => stream.columns ?? 80;
  const width = Math.max(10, Math.min(40, columns() - 45));
  let current: SingleBar | null = null;
  let total = 0;
  let said: string | undefined;
  return {
    begin(what, newTotal) {
      said = undefined;
      if (newTotal === null) {
        stream.write(`${what} …\n`);
        return;
      }
      total = newTotal;
      current = new SingleBar({
        format: (_options, { progress, eta }) => {
          const full = Math.round(progress * width);
          const forecast = progress < 1 && Number.isFinite(eta) && eta > 0 ? `  ${duration(eta)} left` : '';
          const left = said === undefined ? forecast : `  ${said}`.slice(0, Math.max(0, columns() - width - 20));
          return `${what.padEnd(13)} ${'█'.repeat(full)}${'░'.repeat(width - full)} ${Math.floor(progress * 100)}%${left}`;
        },
        hideCursor: true,
        stream,
        // Batches end in bursts: the last few updates alone would make the forecast jump.
        etaBuffer: 50,
      });
      current.start(total, 0);
    },
    at(value, words) {
      said = words;
      current?.update(Math.min(value, total));
    },
    note(line) {
      // The bar is drawn again below it.
      stream.write(`\r\u001b[K${line}\n`);
      current?.updateETA();
    },
    end(complete) {
      if (complete) current?.update(total);
      current?.stop();
      current = null;
    },
  };
}

/** `2 min 30 s`. */
export function duration(seconds: number): string {
  const minutes = Math.floor(seconds / 60);
  return minutes > 0 ? `${minutes} min ${Math.round(seconds % 60)} s` : `${Math.round(seconds)} s`;
}

function lines(out: Out): Progress {
  let what = '';
  let total = 0;
  let told = 0;
  return {
    begin(name, newTotal) {
      [what, total, told] = [name, newTotal ?? 0, 0];
      out.write(`${what} …\n`);
    },
    at(value, words) {
      const tenths = total > 0 ? Math.floor((Math.min(value, total) / total) * TENTHS) : 0;
      if (tenths <= told || tenths === TENTHS) return;
      told = tenths;
      out.write(`${what} … ${tenths * (100 / TENTHS)}%${words === undefined ? '' : `, ${words}`}\n`);
    },
    note(line) {
      out.write(`${line}\n`);
    },
    end() {},
  };
}
