import pg from 'pg';
import { startEmbedded } from './embedded.ts';

const log: any = {
  debug() {},
  info(f: any, m: string) {
    console.log(m, f);
  },
  warn(f: any, m: string) {
    console.log('WARN', m, f);
  },
  error(f: any, m: string) {
    console.log('ERR', m, f);
  },
  child() {
    return log;
  },
};
try {
  const e = await startEmbedded({ dataDir: process.argv[2]!, log });
  const c = new pg.Client(e.url);
  await c.connect();
  console.log((await c.query('select version()')).rows);
  await c.end();
  await e.stop();
} catch (x) {
  console.log(String(x));
}
