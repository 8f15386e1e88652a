// The door: who is let in, what is kept of what cannot be understood, what happens when the database is away, and what may be looked at.
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { STAFF_ONLY } from '#src/domain/visibility.ts';
import { systemClock } from '#src/system.ts';
import { createTestDatabase } from '#test/support/db.ts';
import { type Cable, layCable } from '#test/support/proxy.ts';
import { type Rig, startRig } from '#test/support/rig.ts';
import { fromLinear, fromSlack, fromZendesk, type Outgoing } from '#test/support/sign.ts';
import { API_TOKEN } from '#test/support/world.ts';

const MINUTE_MS = 60_000;
const BODY_MAX = 4 * 1024 * 1024;

let rig: Rig;
beforeAll(async () => {
  rig = await startRig({ env: { PUBLIC_URL: 'http://127.0.0.1:9' } });
});
afterAll(() => rig?.close());

const send = ({ path, headers, body }: Outgoing) => fetch(`${rig.app.url}${path}`, { method: 'POST', headers, body });
const ago = (ms: number) => new Date(Date.now() - ms);
const rows = <Row extends Record<string, unknown>>(sql: string, values: unknown[] = []) =>
  rig.app.db.query<Row>(sql, values);
const deliveryCount = async () => Number((await rows<{ n: string }>('select count(*) as n from delivery'))[0]!.n);

let unique = 0;
beforeEach(() => {
  unique += 1;
});

/** A message that somebody writes in #support, as an event. */
function slackEvent(more: object = {}) {
  return {
    type: 'event_callback',
    event_id: `Ev${unique}`,
    team_id: rig.slack.state.team.id,
    event: {
      type: 'message',
      channel: rig.channel('support'),
      user: rig.user('ana'),
      ts: `1700000000.${String(unique).padStart(6, '0')}`,
      text: 'The export fails with error 500',
    },
    ...more,
  };
}
const zendeskEvent = (more: object = {}) => ({
  id: `event-${unique}`,
  type: 'zen:event-type:ticket.created',
  subject: 'zen:ticket:77',
  time: new Date().toISOString(),
  event: {},
  ...more,
});
const linearEvent = (more: object = {}) => ({
  action: 'update',
  type: 'Issue',
  createdAt: new Date().toISOString(),
  data: {
    id: 'x',
    identifier: 'ENG-1',
    url: 'https://linear.app/x',
    updatedAt: new Date().toISOString(),
    state: { name: 'Done', type: 'completed' },
  },
  ...more,
});

const SYSTEMS = {
  slack: {
    make: (at: Date) => fromSlack(rig.env.SLACK_SIGNING_SECRET, slackEvent(), at),
    withSecret: (secret: string) => fromSlack(secret, slackEvent(), new Date()),
    signature: 'x-slack-signature',
    timestamp: 'x-slack-request-timestamp',
    tooOldMs: 6 * MINUTE_MS,
  },
  zendesk: {
    make: (at: Date) => fromZendesk(rig.env.ZENDESK_WEBHOOK_SECRET, zendeskEvent(), at),
    withSecret: (secret: string) => fromZendesk(secret, zendeskEvent(), new Date()),
    signature: 'x-zendesk-webhook-signature',
    timestamp: 'x-zendesk-webhook-signature-timestamp',
    tooOldMs: 6 * MINUTE_MS,
  },
  linear: {
    make: (at: Date) => fromLinear(rig.env.LINEAR_WEBHOOK_SECRET, linearEvent(), at, `delivery-${unique}`),
    withSecret: (secret: string) => fromLinear(secret, linearEvent(), new Date(), `delivery-${unique}`),
    signature: 'linear-signature',
    timestamp: null,
    tooOldMs: 2 * MINUTE_MS,
  },
} as const;

describe.each(Object.entries(SYSTEMS))('a request of %s', (source, system) => {
  it('is taken in when it is signed, and once when it comes again', async () => {
    const request = system.make(new Date());
    const before = await deliveryCount();
    expect((await send(request)).status).toBe(200);
    expect((await send(request)).status).toBe(200);
    await rig.settle();
    expect(await deliveryCount()).toBe(before + 1);
  });

  it.each<[string, (request: Outgoing) => Outgoing | Promise<Outgoing>]>([
    ['unsigned', (request) => ({ ...request, headers: without(request.headers, system.signature) })],
    ['with an empty signature', (request) => ({ ...request, headers: { ...request.headers, [system.signature]: '' } })],
    [
      'with a signature of another length',
      (request) => ({
        ...request,
        headers: { ...request.headers, [system.signature]: `${request.headers[system.signature]}0` },
      }),
    ],
    ['signed with another secret', () => system.withSecret('another secret')],
    ['tampered with', (request) => ({ ...request, body: request.body.replace('"', ' "') })],
    ['too old', () => system.make(ago(system.tooOldMs))],
    ['from the future', () => system.make(ago(-system.tooOldMs))],
    ...(system.timestamp
      ? ([
          [
            'without a time',
            (request: Outgoing) => ({ ...request, headers: without(request.headers, system.timestamp!) }),
          ],
          [
            'with a time that is none',
            (request: Outgoing) => ({ ...request, headers: { ...request.headers, [system.timestamp!]: 'soon' } }),
          ],
          [
            'an old one with a new time',
            () => {
              const old = system.make(ago(system.tooOldMs));
              return {
                ...old,
                headers: { ...old.headers, [system.timestamp!]: system.make(new Date()).headers[system.timestamp!]! },
              };
            },
          ],
        ] as [string, (request: Outgoing) => Outgoing][])
      : []),
  ])('is refused and leaves nothing when it is %s', async (_how, bend) => {
    const before = await deliveryCount();
    const answer = await send(await bend(system.make(new Date())));
    expect(answer.status).toBe(401);
    expect(JSON.stringify(await answer.json())).not.toContain(rig.env.SLACK_SIGNING_SECRET);
    expect(await deliveryCount()).toBe(before);
  });

  it('is kept encrypted in quarantine, and answered with the field, when it is signed and makes no sense', async () => {
    const word = `confidential-${source}-${unique}`;
    const sign = {
      slack: (body: object | string) => fromSlack(rig.env.SLACK_SIGNING_SECRET, body, new Date()),
      zendesk: (body: object | string) => fromZendesk(rig.env.ZENDESK_WEBHOOK_SECRET, body, new Date()),
      linear: (body: object | string) =>
        fromLinear(rig.env.LINEAR_WEBHOOK_SECRET, body, new Date(), `delivery-${unique}`),
    }[source as keyof typeof SYSTEMS];
    const bad: [object | string, RegExp][] = {
      slack: [
        [`{"type":"${word}`, /^body$/],
        [`["${word}"]`, /^body$/],
        [{ type: 'event_callback', event: { type: 'message', text: word } }, /^event_id$/],
        [{ type: 'event_callback', event_id: 'Ev', note: word }, /^event$/],
        [{ type: 'of_tomorrow', note: word }, /^type$|^body$/],
      ] as [object | string, RegExp][],
      zendesk: [
        [`{"type":"${word}`, /^body$/],
        [{ id: 'e', subject: 'zen:ticket:1', note: word, time: new Date().toISOString() }, /^type$/],
        [{ id: 'e', type: 'zen:event-type:ticket.created', note: word, time: new Date().toISOString() }, /^subject$/],
      ] as [object | string, RegExp][],
      linear: [
        [`{"type":"${word}`, /^body$/],
        [{ action: 'update', note: word }, /^type$/],
      ] as [object | string, RegExp][],
    }[source as keyof typeof SYSTEMS];
    for (const [body, field] of bad) {
      const answer = await send(sign(body));
      expect(answer.status, JSON.stringify(body)).toBe(400);
      const said = (await answer.json()) as { field: string; error: string };
      expect(said.field).toMatch(field);
      expect(said.error.startsWith(`${said.field} `), said.error).toBe(true);
      expect(said.error).not.toMatch(/^(\S+) \1/);
    }
    const kept = await rows<{ state: string; reason: string; payload: Buffer }>(
      `select state, reason, payload from delivery where source = $1 and kind = 'malformed'`,
      [source],
    );
    expect(kept).toHaveLength(bad.length);
    for (const row of kept) {
      expect(row.state).toBe('quarantined');
      expect(row.reason).not.toContain(word);
      expect(row.payload.length).toBeGreaterThan(20);
      expect(row.payload.toString('latin1')).not.toContain(word);
    }
    // The same again is the same thing to look at.
    await send(sign(bad[0]![0]));
    expect(await rows(`select 1 from delivery where source = $1 and kind = 'malformed'`, [source])).toHaveLength(
      bad.length,
    );
  });

  it('is refused when it is too large, however it says so', async () => {
    const before = await deliveryCount();
    const path = system.make(new Date()).path;
    const large = 'x'.repeat(BODY_MAX + 1);
    expect((await send({ path, headers: {}, body: large })).status).toBe(413);
    const pieces = new ReadableStream<Uint8Array>({
      start(controller) {
        // Three bytes each: fewer characters than are allowed, more bytes.
        for (let sent = 0; sent <= BODY_MAX; sent += 3 * 100_000)
          controller.enqueue(new TextEncoder().encode('€'.repeat(100_000)));
        controller.close();
      },
    });
    const answer = await fetch(`${rig.app.url}${path}`, {
      method: 'POST',
      body: pieces,
      duplex: 'half',
    } as RequestInit);
    expect(answer.status).toBe(413);
    expect(await deliveryCount()).toBe(before);
  });
});

function without(headers: Record<string, string>, name: string): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).filter(([key]) => key !== name));
}

const api = (body: unknown, headers: Record<string, string> = { authorization: `Bearer ${API_TOKEN}` }) =>
  fetch(`${rig.app.url}/api/v1/signals`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });
const look = (path: string, headers: Record<string, string> = {}) => fetch(`${rig.app.url}${path}`, { headers });
const bearer = { authorization: `Bearer ${API_TOKEN}` };
const json = { ...bearer, accept: 'application/json' };

describe('POST /api/v1/signals', () => {
  it.each([
    ['no bearer', {}],
    ['another bearer', { authorization: 'Bearer wrong' }],
    ['a bearer of the same length', { authorization: `Bearer ${'x'.repeat(API_TOKEN.length)}` }],
    ['another scheme', { authorization: `Basic ${API_TOKEN}` }],
    ['an empty bearer', { authorization: 'Bearer ' }],
  ])('refuses %s', async (_how, headers: Record<string, string>) => {
    const before = await deliveryCount();
    expect((await api({ text: 'The export fails' }, headers)).status).toBe(401);
    expect(await deliveryCount()).toBe(before);
  });

  it.each<[unknown, string, RegExp]>([
    ['{', 'body', /JSON/],
    [{ id: 'x' }, 'body', /text, metric and event/],
    [{ text: '' }, 'text', /must not be empty/],
    [{ text: 'a', event: { name: 'b' } }, 'body', /text, metric and event/],
    [{ text: 'a', at: 'yesterday' }, 'at', /must be a time like/],
    [{ text: 'a', url: 'javascript:alert(1)' }, 'url', /must be a whole address/],
    [{ text: 'a', color: 'red' }, 'color', /not known/],
    [{ text: 'a', author: { name: 'A' } }, 'author.id', /./],
    [{ metric: { name: 'errors' } }, 'metric.value', /./],
    [{ event: {} }, 'event.name', /./],
    [[{ text: 'fine' }, { text: 'a', at: 'tomorrow' }], '1.at', /must be a time like/],
    [[], 'body', /at least 1/],
    ['"just text"', 'body', /./],
  ])('names the field of %j: %s', async (body, field, words) => {
    const answer = await api(body);
    expect(answer.status).toBe(400);
    const said = (await answer.json()) as { field: string; error: string };
    expect(said).toMatchObject({ field, error: expect.stringMatching(words) });
    const kept = await rows<{ state: string }>(
      `select state from delivery where source = 'api' and kind = 'malformed' and reason = $1`,
      [said.error],
    );
    expect(kept).toContainEqual({ state: 'quarantined' });
    expect(await rows(`select 1 from delivery where source = 'api' and kind = 'facts' and state = 'received'`)).toEqual(
      [],
    );
  });

  it('takes text, metrics and events, one or many, and shows each by its id', async () => {
    const single = await api({
      id: 'one',
      text: 'The export to CSV fails with error 500',
      author: { id: 'a', name: 'Ana' },
    });
    expect(single.status).toBe(202);
    expect(await single.json()).toEqual({ accepted: 1, duplicates: 0, ids: ['api:one'] });
    const batch = await api([
      {
        id: 'two',
        text: 'Exporting to CSV is broken, error 500',
        customer: { id: 'c', name: 'Acme' },
        url: 'https://crm.example.test/two',
      },
      { id: 'errors', metric: { name: 'export.errors', value: 17, unit: 'per hour', labels: { region: 'eu' } } },
      { id: 'gone', event: { name: 'export.abandoned', labels: { plan: 'pro' } } },
    ]);
    expect(await batch.json()).toEqual({ accepted: 3, duplicates: 0, ids: ['api:two', 'api:errors', 'api:gone'] });
    await rig.settle();
    expect(
      await rows(
        `select s.external_id, s.body->>'modality' as modality, s.body->'measure'->>'value' as value from signal s where s.source = 'api' and s.external_id = any($1) order by 1`,
        [['api:one', 'api:two', 'api:errors', 'api:gone']],
      ),
    ).toEqual([
      { external_id: 'api:errors', modality: 'metric', value: '17' },
      { external_id: 'api:gone', modality: 'event', value: null },
      { external_id: 'api:one', modality: 'text', value: null },
      { external_id: 'api:two', modality: 'text', value: null },
    ]);
    for (const [id, lone] of [
      ['api:one', null],
      ['api:two', null],
      ['api:errors', 'no_theme'],
      ['api:gone', 'no_theme'],
    ] as const) {
      const answer = await look(`/lineage/${encodeURIComponent(id)}`, json);
      expect(answer.status, id).toBe(200);
      const trace = (await answer.json()) as {
        focus: string;
        lone: string | null;
        nodes: { id: string; kind: string }[];
      };
      expect(trace.lone, id).toBe(lone);
      expect(trace.nodes.find((node) => node.id === trace.focus)?.kind).toBe('signal');
    }
    // Its address names it, too.
    expect((await rig.app.verbs.trace('https://crm.example.test/two', STAFF_ONLY)).kind).toBe('found');
  });

  it('knows what it has had already: by id and time, and without them by content', async () => {
    const at = '2026-03-02T09:00:00Z';
    const dated = { id: 'dated', at, text: 'The import stops at row 100' };
    const undated = { id: 'undated', text: 'The import stops at row 200' };
    const nameless = { text: 'The import stops at row 300' };
    for (const body of [dated, undated, nameless]) {
      expect(await (await api(body)).json()).toMatchObject({ accepted: 1, duplicates: 0 });
      await rig.settle();
      expect(await (await api(body)).json()).toMatchObject({ accepted: 0, duplicates: 1 });
      expect(await (await api([body, body, { ...body, id: `${unique}-other` }])).json()).toMatchObject({
        accepted: 1,
        duplicates: 2,
      });
    }
    // The same id with other words, later, is an edit: one message, and its newest words.
    expect(
      await (await api({ ...dated, at: '2026-03-02T10:00:00Z', text: 'The import stops at row 101' })).json(),
    ).toMatchObject({
      accepted: 1,
    });
    await rig.settle();
    expect(await rows(`select 1 from signal_head where external_id = 'api:dated'`)).toHaveLength(1);
    expect(await rows(`select 1 from signal where external_id = 'api:undated'`)).toHaveLength(1);
  });
});

describe('what may be looked at', () => {
  it('says that it is ready, to anybody', async () => {
    const answer = await look('/healthz');
    expect(answer.status).toBe(200);
    expect(await answer.json()).toEqual({ status: 'ready', checks: { database: 'ok' } });
  });

  it('shows its metrics to whoever has the token, and nothing to others', async () => {
    expect((await look('/metrics')).status).toBe(401);
    expect((await look('/metrics', { authorization: 'Bearer wrong' })).status).toBe(401);
    const answer = await look('/metrics', bearer);
    expect(answer.status).toBe(200);
    const text = await answer.text();
    expect(text).toMatch(/^throughline_deliveries_total\{source="slack",outcome="new"\} \d+$/m);
    expect(text).toMatch(/^throughline_deliveries_total\{source="zendesk",outcome="refused"\} \d+$/m);
    expect(text).not.toContain(API_TOKEN);
  });

  it('opens lineage by a signed link or the token, as a page or as JSON, and nothing else by that link', async () => {
    await api({ id: 'seen', text: 'The report cannot be exported, error 500' });
    await rig.settle();
    const reply = await rig.app.verbs.trace('api:seen', STAFF_ONLY);
    if (reply.kind === 'unknown') throw new Error('The signal is not known.');
    const { pathname, searchParams } = new URL(reply.url!);
    const sig = searchParams.get('sig')!;
    const page = await look(`${pathname}?sig=${sig}`);
    expect(page.status).toBe(200);
    expect(page.headers.get('content-type')).toMatch(/^text\/html; charset=utf-8/i);
    expect(await page.text()).toContain('What was said');
    const data = await look(`${pathname}?sig=${sig}`, { accept: 'application/json' });
    expect(await data.json()).toMatchObject({ focus: pathname.split('/').at(-1) });
    expect((await look(pathname, json)).status).toBe(200);
    expect((await look(pathname)).status).toBe(401);
    expect((await look(`${pathname}?sig=${sig.slice(0, -1)}`)).status).toBe(401);
    expect((await look(`${pathname}?sig=`)).status).toBe(401);
    expect((await look(`/lineage/api:seen?sig=${sig}`)).status).toBe(401);
    expect((await look('/lineage/nothing-like-it', json)).status).toBe(404);
    expect((await look('/lineage/nothing-like-it', bearer)).status).toBe(404);
    expect((await look('/nowhere')).status).toBe(404);
  });

  it('shows hostile words as words', async () => {
    const attack = `<script>alert('x')</script> "><img src=x onerror=alert(1)> export fails &amp; </p></main>`;
    await api([
      {
        id: 'hostile',
        text: `${attack} The CSV export fails with error 500`,
        author: { id: 'evil', name: attack },
        customer: { id: 'evil', name: attack },
        url: 'https://evil.example.test/"onmouseover="alert(1)',
      },
    ]);
    await rig.settle();
    const found = await rig.app.verbs.trace('api:hostile', STAFF_ONLY);
    if (found.kind === 'unknown') throw new Error('The signal is not known.');
    const pages = await Promise.all(
      [...found.trace.nodes.map(({ id }) => id), attack].map(async (id) =>
        (await look(`/lineage/${encodeURIComponent(id)}`, bearer)).text(),
      ),
    );
    expect(pages.join()).toContain('&#60;script&#62;');
    for (const page of pages) {
      expect(page).not.toMatch(/<script|<img|onerror=alert\(1\)>|"onmouseover/i);
      expect(page.match(/<\/main>/g)).toHaveLength(1);
    }
    const answer = await look(`/lineage/${found.trace.focus}`, bearer);
    expect(answer.headers.get('content-security-policy')).toMatch(/default-src 'none'/);
  });
});

describe('while the database cannot be reached', () => {
  let away: Rig;
  let cable: Cable;
  let drop: () => Promise<void>;
  beforeAll(async () => {
    const database = await createTestDatabase();
    drop = database.drop;
    cable = await layCable(database.url);
    away = await startRig({ databaseUrl: cable.url });
  });
  afterAll(async () => {
    cable?.plug();
    await away?.close();
    await cable?.close();
    await drop?.();
  });

  it('asks everybody to come again, and loses nothing of what comes again', async () => {
    const { slack, linear, zendesk, app, env, user, channel, settle } = away;
    const post = ({ path, headers, body }: Outgoing) => fetch(`${app.url}${path}`, { method: 'POST', headers, body });
    cable.pull();
    const at = new Date();
    const refused = [
      await post(fromSlack(env.SLACK_SIGNING_SECRET, slackEvent(), at)),
      await post(fromSlack(env.SLACK_SIGNING_SECRET, '{"broken', at)),
      await post(fromZendesk(env.ZENDESK_WEBHOOK_SECRET, zendeskEvent(), at)),
      await post(fromLinear(env.LINEAR_WEBHOOK_SECRET, linearEvent(), at)),
      await post({
        path: '/api/v1/signals',
        headers: bearer,
        body: JSON.stringify({ id: 'lost', text: 'The export fails' }),
      }),
    ];
    for (const answer of refused) {
      expect(answer.status).toBe(503);
      expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0);
      expect(Number(answer.headers.get('retry-after'))).toBeLessThan(60);
    }
    expect((await fetch(`${app.url}/healthz`)).status).toBe(503);
    // Who is not let in learns nothing of it.
    expect((await post({ path: '/webhooks/zendesk', headers: {}, body: '{}' })).status).toBe(401);

    const message = slack.human.post(user('ana'), channel('support'), 'The CSV export fails with error 500');
    zendesk.human.createTicket({ name: 'Nina' }, { subject: 'CSV export', body: 'The export fails with error 500.' });
    linear.human.create('Of somebody else');
    const tried = () => slack.deliveries.some(({ attempts }) => attempts.some(({ status }) => status === 503));
    for (let looks = 0; looks < 100 && !tried(); looks++) await systemClock.sleep(20);
    cable.plug();
    await settle();
    const [delivery] = slack.deliveries.filter(({ type }) => type === 'message');
    expect(delivery).toMatchObject({ state: 'acknowledged' });
    expect(delivery!.attempts.map(({ status }) => status)).toContain(503);
    expect((await fetch(`${app.url}/healthz`)).status).toBe(200);
    const heads = await app.db.query<{ external_id: string }>('select external_id from signal_head order by 1');
    expect(heads.map(({ external_id }) => external_id)).toEqual([
      `slack:${channel('support')}:${message.ts}`,
      expect.stringMatching(/^zendesk:ticket:1:comment:/),
    ]);
    expect(await app.db.query(`select 1 from conversation where observation_id is null`)).toEqual([]);
    expect(await app.db.query(`select 1 from delivery where state <> 'done'`)).toEqual([]);
    expect(linear.deliveries.every(({ delivered }) => delivered)).toBe(true);
  }, 60_000);
});
