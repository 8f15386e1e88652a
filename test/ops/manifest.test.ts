// The manifest that people paste: their own addresses in every place, and a clear word about an address that Slack cannot call.
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { manifestFor, problemOf, run } from '#src/ops/manifest.ts';
import { runHere } from '#test/support/command.ts';

const text = readFileSync(new URL('../../manifest.yml', import.meta.url), 'utf8');
const original = parse(text);
const print = (args: string[], env: Record<string, string> = {}) => runHere((terminal) => run(args, terminal), env);

describe('npm run manifest', () => {
  it('puts the address in every place, and changes nothing else', async () => {
    const { code, out, err } = await print(['--url', 'https://tl.acme.dev/']);
    expect({ code, err }).toEqual({ code: 0, err: '' });
    expect(out).not.toContain('example.com');
    expect(JSON.stringify(parse(out))).toBe(
      JSON.stringify(original).replaceAll('https://throughline.example.com', 'https://tl.acme.dev'),
    );
  });

  it('keeps the remarks, but not the one about addresses that are to be changed', async () => {
    const { out } = await print([], { PUBLIC_URL: 'https://tl.acme.dev' });
    expect(out).toMatch(/^# The Slack app of Throughline at https:\/\/tl\.acme\.dev\. Paste it at /);
    expect(out).toContain('# Throughline works without these');
    expect(out).not.toContain('three');
  });

  it('leaves every address out for a socket', async () => {
    const { out } = await print(['--socket']);
    expect(out).not.toMatch(/url: http/);
    const made = parse(out);
    expect(made.settings.socket_mode_enabled).toBe(true);
    expect(made.settings.event_subscriptions.bot_events).toEqual(original.settings.event_subscriptions.bot_events);
    expect(made.settings.interactivity).toEqual({ is_enabled: true });
    expect(out).toContain('SLACK_APP_TOKEN');
  });

  it('leaves out on demand what an older workspace refuses', () => {
    const plain = parse(manifestFor(text, { url: null, plain: true }));
    expect(plain.features.agent_view).toBeUndefined();
    expect(plain.oauth_config.scopes.bot).not.toContain('assistant:write');
    expect(plain.oauth_config.scopes.bot_optional).not.toContain('assistant:write');
    expect(plain.oauth_config.scopes.bot).toContain('team:read');
    expect(parse(manifestFor(text, { url: null, plain: false })).features.agent_view).toBeDefined();
  });

  it.each([
    ['throughline.acme.dev', 'is no address'],
    ['http://tl.acme.dev', 'https addresses only'],
    ['https://tl.acme.dev/slack/events', 'without "/slack/events"'],
    ['https://tl.acme.dev/?a=b', 'without "/?a=b"'],
    ['https://ana:secret@tl.acme.dev', 'user name or a password'],
    ['https://localhost:3000', 'reached from inside only'],
    ['https://127.0.0.1', 'reached from inside only'],
    ['https://192.168.1.7:8443', 'reached from inside only'],
    ['https://172.20.0.2', 'reached from inside only'],
    ['https://[::1]:3000', 'reached from inside only'],
    ['https://[fd00::1]', 'reached from inside only'],
    ['https://throughline', 'reached from inside only'],
    ['https://bot.internal', 'reached from inside only'],
  ])('says what is wrong with %s', (address, words) => {
    expect(problemOf(address)).toContain(words);
  });

  it.each(['https://tl.acme.dev', 'https://tl.acme.dev:8443/', 'https://203.0.113.7', 'https://172.32.0.1'])(
    'takes %s',
    (address) => {
      expect(problemOf(address)).toBeNull();
    },
  );

  it('says in one line what it needs', async () => {
    for (const [args, words] of [
      [[], 'Where does Slack reach Throughline?'],
      [['--socket', '--url', 'https://tl.acme.dev'], 'Either --url or --socket'],
      [['--adress', 'x'], "Unknown option '--adress'."],
    ] as const) {
      const { code, out, err } = await print([...args]);
      expect({ code, out }).toEqual({ code: 1, out: '' });
      expect(err).toContain(words);
      expect(err.trimEnd().split('\n')).toHaveLength(1);
    }
    const { code, out } = await print(['--help']);
    expect(code).toBe(0);
    for (const option of ['--url', '--socket', '--plain']) expect(out).toContain(option);
  });
});
