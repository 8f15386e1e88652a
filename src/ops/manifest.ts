// npm run manifest -- --url https://…: the manifest of the Slack app with your own addresses, to be pasted once.
import { readFile } from 'node:fs/promises';
import { isIP } from 'node:net';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { type Document, isMap, isNode, isSeq, parseDocument } from 'yaml';
import { errorLine } from '../domain/errors.ts';
import { ownTerminal, type Terminal } from './terminal.ts';

const FILE = resolve(import.meta.dirname, '../../manifest.yml');
const EVENTS_PATH = '/slack/events';
// What Slack has had since June 2026 only; a workspace that does not know it yet refuses the whole manifest.
const NEWER = { feature: 'agent_view', scopes: ['assistant:write'] } as const;

const USAGE = `npm run manifest -- --url https://throughline.your-company.com
npm run manifest -- --socket

Prints the manifest of the Slack app, to be pasted at https://api.slack.com/apps
(Create New App, From a manifest). Make it in your own workspace: Slack lets such
an internal app read history at full speed.

  --url=ADDRESS
      Where Slack reaches Throughline over HTTPS. Default: PUBLIC_URL.
  --socket
      Events come through a socket that Throughline opens: no address is needed,
      an app-level token is (SLACK_APP_TOKEN).
  --plain
      Leaves out the assistant pane, for a workspace whose Slack does not know
      it yet ("invalid manifest … agent_view"). All else works without it.
`;

interface Order {
  /** Null for Socket Mode. */
  url: string | null;
  plain: boolean;
}

function orderOf(args: readonly string[], publicUrl: string | undefined): Order | { help: true } | { problem: string } {
  let values: { url?: string; socket: boolean; plain: boolean; help: boolean };
  try {
    ({ values } = parseArgs({
      args: [...args],
      options: {
        url: { type: 'string' },
        socket: { type: 'boolean', default: false },
        plain: { type: 'boolean', default: false },
        help: { type: 'boolean', short: 'h', default: false },
      },
    }) as { values: typeof values });
  } catch (error) {
    return { problem: `${(error as Error).message.split('. ')[0]}.` };
  }
  if (values.help) return { help: true };
  const { plain, socket } = values;
  if (socket) {
    if (values.url !== undefined)
      return { problem: 'Either --url or --socket: with a socket, Slack calls no address.' };
    return { url: null, plain };
  }
  const url = values.url ?? publicUrl;
  if (url === undefined)
    return { problem: 'Where does Slack reach Throughline? Say --url https://…, or --socket when it has no address.' };
  const problem = problemOf(url);
  return problem === null ? { url: new URL(url).origin, plain } : { problem };
}

/** What is wrong with an address that Slack should call; null when nothing is. */
export function problemOf(address: string): string | null {
  if (!URL.canParse(address)) return `"${address}" is no address; it looks like https://throughline.your-company.com.`;
  const url = new URL(address);
  const { hostname } = url;
  if (url.protocol !== 'https:') return `Slack calls https addresses only, not ${url.protocol}//. Put TLS in front.`;
  if (url.username !== '' || url.password !== '') return 'The address must not carry a user name or a password.';
  if (url.pathname !== '/' || url.search !== '' || url.hash !== '')
    return `Only the address itself, without "${url.pathname}${url.search}${url.hash}": the paths are added.`;
  if (isPrivate(hostname))
    return `${hostname} is reached from inside only, and Slack is outside. Use a public address, or --socket, which needs none.`;
  return null;
}

function isPrivate(hostname: string): boolean {
  const host = hostname.replace(/^\[|\]$/g, '').toLowerCase();
  if (isIP(host) === 4) return /^(0|10|127|169\.254|192\.168|172\.(1[6-9]|2\d|3[01]))\./.test(host);
  if (isIP(host) === 6) return host === '::1' || host === '::' || /^f[cd]|^fe[89ab]|^::ffff:/.test(host);
  return !host.includes('.') || /\.(localhost|local|internal|lan|home\.arpa|test|invalid)$/.test(`.${host}`);
}

/** The manifest for one installation, from the text of manifest.yml. Its remarks stay, except the one about the addresses. */
export function manifestFor(text: string, { url, plain }: Order): string {
  const manifest = parseDocument(text);
  // The remark at the top stands before the first key.
  const top = isMap(manifest.contents) ? manifest.contents.items[0]?.key : null;
  const remark = url
    ? ` The Slack app of Throughline at ${url}. Paste it at https://api.slack.com/apps (Create New App, From a manifest).`
    : ' The Slack app of Throughline, over a socket. Paste it at https://api.slack.com/apps (Create New App, From a manifest), then make an\n' +
      ' app-level token with connections:write (Basic Information) for SLACK_APP_TOKEN.';
  if (isNode(top)) top.commentBefore = remark;
  if (manifest.contents) manifest.contents.commentBefore = null;
  for (const place of addressesIn(manifest)) {
    if (url) manifest.setIn(place, `${url}${EVENTS_PATH}`);
    else manifest.deleteIn(place);
  }
  manifest.setIn(['settings', 'socket_mode_enabled'], url === null);
  if (plain) {
    manifest.deleteIn(['features', NEWER.feature]);
    for (const list of ['bot', 'bot_optional']) without(manifest, ['oauth_config', 'scopes', list], NEWER.scopes);
  }
  return manifest.toString({ lineWidth: 140 });
}

/** Every place where the manifest names our address. */
function addressesIn(manifest: Document): (string | number)[][] {
  const commands = manifest.getIn(['features', 'slash_commands']);
  return [
    ['settings', 'event_subscriptions', 'request_url'],
    ['settings', 'interactivity', 'request_url'],
    ...(isSeq(commands) ? commands.items.map((_, at) => ['features', 'slash_commands', at, 'url']) : []),
  ].filter((place) => manifest.hasIn(place));
}

function without(manifest: Document, place: string[], gone: readonly string[]): void {
  const list = manifest.getIn(place);
  if (!isSeq(list)) return;
  list.items = list.items.filter((item) => isMap(item) || !gone.includes(String((item as { value?: unknown }).value)));
}

/** Runs the command. Answers the exit code. */
export async function run(args: readonly string[], { out, err, env }: Terminal): Promise<number> {
  const order = orderOf(args, env.PUBLIC_URL);
  if ('help' in order) {
    out.write(USAGE);
    return 0;
  }
  if ('problem' in order) {
    err.write(`${order.problem} npm run manifest -- --help says more.\n`);
    return 1;
  }
  try {
    out.write(manifestFor(await readFile(FILE, 'utf8'), order));
    return 0;
  } catch (error) {
    err.write(`manifest.yml cannot be read: ${errorLine(error)}\n`);
    return 1;
  }
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href)
  process.exit(await run(process.argv.slice(2), ownTerminal()));
