// Home over the whole product: what concerns a person, deciding from there, setting up, and what admins change while everything runs.
import { afterEach, describe, expect, it } from 'vitest';
import { DAY_MS, MINUTE_MS } from '#test/support/fast-clock.ts';
import { EXPORT_COMPLAINTS, leaveStage, takeStage as take } from '#test/support/hands.ts';
import { homeHandsOf } from '#test/support/home-hands.ts';

afterEach(leaveStage);

async function takeStage(options?: Parameters<typeof take>[0]) {
  const stage = await take(options);
  /** Makes somebody an admin of the Slack workspace. */
  const promote = (who: 'pia') => stage.slack.state.changeUser(stage.user(who), { is_admin: true });
  return { ...stage, ...homeHandsOf(stage), promote };
}

const NOTHING_SET = { SUPPORT_CHANNELS: '', INSIGHTS_CHANNEL: '', APPROVERS: '' };

describe('what waits for a decision', () => {
  it('stands on an approver’s Home with its numbers and a link, and is decided from there', async () => {
    const { openCard, openHome, press, home, homeActions, card, linear, slack, channel, audit } = await takeStage();
    const { ts } = await openCard();
    const shown = await openHome('pia');
    expect(shown).toContain('Waits for your decision: 1');
    expect(shown).toContain(slack.state.permalink(channel('insights'), ts));
    expect(shown).toMatch(/3 customers, 3 reports · waits less than an hour/);
    await press('pia', 'home_file');
    expect(linear.state.issues.size).toBe(1);
    expect(card().text).toMatch(/Filed as .*ENG-1.*approved by Pia Product/);
    expect(home('pia')).toContain('Approved, and filing now.');
    expect(home('pia')).toContain('Nothing waits.');
    expect(homeActions('pia').join()).not.toContain('home_file');
    expect(await audit('decision.%')).toEqual(['decision.approved by pia']);
    expect(await audit('card.%')).not.toContain('card.woken by pia');
  });

  it('is set aside from there, and comes back when its time has come', async () => {
    const { openCard, openHome, press, home, card, clock, app, settle } = await takeStage();
    await openCard();
    await openHome('pia');
    await press('pia', 'home_snooze');
    expect(card().text).toContain('Set aside by Pia Product');
    expect(home('pia')).toContain('Nothing waits.');
    clock.advance(8 * DAY_MS);
    await app.tick();
    await settle();
    expect(await openHome('pia')).toContain('Waits for your decision: 1');
  });

  it('shows itself to whoever looks when it comes, and to nobody who looked long ago', async () => {
    const { openHome, home, openCard, clock, complain } = await takeStage();
    await openHome('sam');
    clock.advance(60 * MINUTE_MS);
    await openHome('pia');
    expect(home('pia')).toContain('Nothing waits.');
    await openCard();
    expect(home('pia')).toContain('Waits for your decision: 1');
    expect(home('sam')).toContain('Nothing waits.');
    await complain('dan', EXPORT_COMPLAINTS[3]);
    expect(home('pia')).toMatch(/4 customers, 4 reports/);
  });

  it('is not published again while nothing on it changes', async () => {
    const { openHome, openCard, slack, user, channel, settle } = await takeStage();
    await openCard();
    await openHome('pia');
    const published = () => slack.calls.filter(({ method }) => method === 'views.publish').length;
    const before = published();
    slack.human.post(user('dan'), channel('support'), 'thanks!');
    await settle();
    slack.human.post(user('dan'), channel('support'), 'good morning');
    await settle();
    expect(published()).toBe(before);
  });

  it('lets two people decide at once, and tells the second who was first', async () => {
    const { openCard, openHome, slack, user, settle, home, linear } = await takeStage();
    await openCard();
    await openHome('pia');
    await openHome('sam');
    const file = (who: 'pia' | 'sam') => {
      const { view } = slack.state.homeOf(user(who))!;
      const name = /home_file:\w+/.exec(JSON.stringify(view.blocks))![0];
      return slack.human.clickInView(user(who), view.id, name);
    };
    await Promise.all([file('pia'), file('sam')]);
    await settle();
    expect(linear.state.issues.size).toBe(1);
    const homes = [home('pia'), home('sam')].join('\n');
    expect(homes).toMatch(/(Pia Product|Sam Support) approved this/);
    expect(homes).toContain('Approved, and filing now.');
  });

  it('decides what was shown: what has changed since is not filed unseen', async () => {
    const { openCard, openHome, press, slack, user, channel, settle, home, linear, clock } = await takeStage();
    await openCard();
    await openHome('pia');
    // Long enough that nobody expects her to look any more: her Home stays as it was.
    clock.advance(60 * MINUTE_MS);
    const quoted = slack.state.timeline(channel('support')).find(({ user: who }) => who === user('ana'))!;
    slack.human.remove(user('ana'), channel('support'), quoted.ts);
    await settle();
    await press('pia', 'home_file');
    expect(linear.state.issues.size).toBe(0);
    expect(home('pia')).toContain('has changed since you saw it');
    await press('pia', 'home_file');
    const [issue] = [...linear.state.issues.values()];
    expect(`${issue!.title} ${issue!.description}`).not.toContain(quoted.text);
  });

  it('is decided on the card where its words may not be read, and named in general words', async () => {
    const { complain, openHome, homeActions, slack, channel, user, app, settle } = await takeStage();
    slack.human.createChannel('sam', { name: 'private-support', is_private: true });
    slack.human.invite('sam', 'private-support', user('ana'), user('ben'), user('cleo'), slack.state.app.botUserId);
    await settle();
    await app.db.query(`update channel set mode = 'suggest' where channel_id = $1`, [channel('private-support')]);
    for (const [index, who] of (['ana', 'ben', 'cleo'] as const).entries())
      await complain(who, EXPORT_COMPLAINTS[index]!, { in: 'private-support' });
    const shown = await openHome('pia');
    expect(shown).toContain('Waits for your decision: 1');
    expect(shown).not.toMatch(/csv|error 500/i);
    expect(homeActions('pia').join()).not.toMatch(/home_file|home_snooze/);
    expect(await openHome('sam')).toMatch(/export/i);
    expect(homeActions('sam').join()).toContain('home_file');
  });

  it('is offered to approvers only', async () => {
    const { openCard, openHome, homeActions } = await takeStage({ env: { APPROVERS: 'pia-only' } });
    await openCard();
    expect(await openHome('sam')).not.toContain('Waits for your decision');
    expect(homeActions('sam').join()).not.toMatch(/home_file|home_snooze|home_pause/);
  });

  it('counts what does not fit: two hundred wait, the oldest are shown, within Slack’s limits', async () => {
    const { openCard, openHome, app, slack, user } = await takeStage();
    await openCard();
    await multiplied(app.db, 200);
    const shown = await openHome('pia');
    expect(shown).toContain('Waits for your decision: 201');
    expect(shown).toContain('189 more wait.');
    expect(shown).toMatch(/waits for 200 days/);
    expect(shown).not.toMatch(/waits for 100 days/);
    expect(slack.state.homeOf(user('pia'))!.view.blocks.length).toBeLessThanOrEqual(100);
  });

  it('shows hostile words as words', async () => {
    const { complain, openHome } = await takeStage();
    const words = 'The <!channel> *export* to https://evil.example/x fails with error 500 @here :boom:';
    for (const who of ['ana', 'ben', 'cleo'] as const) await complain(who, words);
    const shown = await openHome('pia');
    expect(shown).toContain('Waits for your decision: 1');
    expect(shown).not.toMatch(/<!channel|<https:\/\/evil|@here|\*export\*/);
  });
});

describe('what a person captured', () => {
  it('is followed from the message to its issue', async () => {
    const { complain, react, openHome, home, press, openCard } = await takeStage();
    const said = await complain('dan', 'hello everybody, lovely weather');
    await react('sam', 'memo', { ts: said.ts, in: 'support' });
    expect(await openHome('sam')).toMatch(/Your message.*(resembles nothing else|too few customers)/s);
    expect(await openHome('pia')).toContain('Nothing yet.');
    const report = await complain('dan', EXPORT_COMPLAINTS[3]);
    await react('sam', 'memo', { ts: report.ts, in: 'support' });
    await openCard();
    expect(await openHome('sam')).toContain('an insight that waits for a decision');
    await press('sam', 'home_file');
    expect(home('sam')).toMatch(/filed.* as .*ENG-1/s);
  });
});

describe('themes that a person follows', () => {
  it('stand on their Home with what became of them, until they follow them no longer', async () => {
    const { openCard, openHome, home, click, app, user, settle } = await takeStage();
    await openCard();
    const [row] = await app.db.query<{ theme_id: string }>('select theme_id from card');
    const person = { id: user('dan'), kind: 'member', approver: false } as const;
    expect(await openHome('dan')).not.toContain('Themes I follow');
    await app.verbs.follow({ themeId: row!.theme_id, person, on: true });
    await settle();
    expect(home('dan')).toMatch(/Themes I follow.*3 reports from 3 customers · an insight that waits/s);
    await click('pia', 'card_file');
    expect(home('dan')).toMatch(/Themes I follow.*filed as .*ENG-1/s);
    await app.verbs.follow({ themeId: row!.theme_id, person, on: false });
    expect(await openHome('dan')).not.toContain('Themes I follow');
  });
});

describe('people without rights', () => {
  it('get a short, kind Home without anybody’s words', async () => {
    const { openCard, openHome, homeActions, newcomer, slack, user, channel } = await takeStage();
    await openCard();
    const eve = newcomer('eve', { is_stranger: true });
    for (const who of ['gus', eve]) {
      const shown = await openHome(who);
      expect(shown).toMatch(/^\*Hello!\*/);
      expect(shown).not.toMatch(/export|csv|Waits|500/i);
      expect(homeActions(who)).toEqual([]);
    }
    expect(slack.state.ephemeralsOf(user('gus'), channel('insights'))).toEqual([]);
  });

  it('are refused what only admins change, whatever they press', async () => {
    const { ask, openHome, homeActions, app, newcomer } = await takeStage({ env: { APPROVERS: 'staff' } });
    expect(await ask('ana', 'pause')).toContain('Only admins of Throughline can change this');
    expect(await ask('ana', 'settings')).toMatch(/Only admins.*Your own preferences are yours/s);
    expect(await ask(newcomer('eve', { is_restricted: true }), 'pause', 'support')).toContain(
      'for full members of this workspace only',
    );
    await openHome('ana');
    expect(homeActions('ana').join()).not.toMatch(/admin/);
    expect(await app.db.query(`select 1 from setting where key = 'paused'`)).toEqual([]);
  });
});

describe('admins', () => {
  it('are those who are named, and always those of the Slack workspace; approvers only while nobody is named', async () => {
    const { openHome, homeActions, app, user, slack } = await takeStage();
    const isAdmin = async (who: string) => {
      await openHome(who);
      return homeActions(who).includes('home_page:admin');
    };
    expect([await isAdmin('pia'), await isAdmin('dan')]).toEqual([true, false]);
    await app.settings.set('admins', [user('dan')], 'a test');
    expect([await isAdmin('pia'), await isAdmin('dan')]).toEqual([false, true]);
    slack.state.changeUser(user('ben'), { is_admin: true });
    expect(await isAdmin('ben')).toBe(true);
  });

  it('still open their Home where Slack would not draw it, and nothing else fails with it', async () => {
    const { openCard, openHome, press, slack, linear, home, settle } = await takeStage();
    await openCard();
    await openHome('pia');
    slack.faults.next('views.publish', { kind: 'error', error: 'not_enabled' });
    await press('pia', 'home_file');
    expect(linear.state.issues.size).toBe(1);
    await settle();
    expect(await openHome('pia')).toContain('Nothing waits.');
    expect(home('pia')).not.toContain('Waits for your decision: 1');
  });
});

describe('the first open', () => {
  it('takes an admin through three steps, each of which does its real thing', async () => {
    const stage = await takeStage({ env: NOTHING_SET });
    const { promote, openHome, home, press, modal, submit, slack, channel, user, complain, parents, app, audit } =
      stage;
    promote('pia');
    expect(await openHome('pia')).toContain('Set up Throughline: 0 of 3 done');
    // Nobody hears what is said before.
    await complain('ana', EXPORT_COMPLAINTS[0], { in: 'random' });
    expect(await app.db.query('select 1 from signal_key')).toEqual([]);

    await press('pia', 'home_step');
    expect(modal('pia').words).toContain('Choose the channels');
    await submit('pia', { channels: [channel('random'), channel('support')] });
    expect(slack.state.channel('random').members).toContain(slack.state.app.botUserId);
    expect(home('pia')).toContain('Set up Throughline: 1 of 3 done');
    expect(home('pia')).toContain('2 channels saved (#random, #support): suggest: listen and post insights.');

    await press('pia', 'home_step');
    await submit('pia', { channel: channel('insights'), people: [user('pia')], groups: 'staff' });
    expect(home('pia')).toContain('Set up Throughline: 2 of 3 done');
    expect(await audit('%.%')).toEqual(
      expect.arrayContaining(['channel.mode by pia', 'setting.changed by pia', 'setting.changed by pia']),
    );

    // Without a restart: heard in the new channel, shown in the new place, decided by whom was chosen.
    for (const [index, who] of (['ana', 'ben', 'cleo'] as const).entries())
      await complain(who, EXPORT_COMPLAINTS[index]!, { in: 'random' });
    expect(parents()).toHaveLength(1);
    expect(home('pia')).not.toContain('Set up Throughline');
    expect(home('pia')).toContain('Waits for your decision: 1');
    expect(await openHome('dan')).not.toContain('Waits for your decision');
  });

  it('reads the past or takes a first report, and lets each step be skipped', async () => {
    const { promote, openHome, home, press, modal, submit, channel, app } = await takeStage({ env: NOTHING_SET });
    promote('pia');
    await openHome('pia');
    await press('pia', 'home_read_past');
    expect(home('pia')).toContain('I listen nowhere yet');
    await press('pia', 'home_step');
    await submit('pia', { channels: [channel('support')] });
    await press('pia', 'home_read_past');
    expect(home('pia')).toContain('Reading what was said in');
    expect(home('pia')).toContain('Reading the past');
    expect(await app.db.query('select channel_id, state from backfill')).toMatchObject([
      { channel_id: channel('support') },
    ]);
    await press('pia', 'home_skip');
    expect(home('pia')).toContain('Skipped.');
    await press('pia', 'home_step');
    expect(modal('pia').words).toContain('What did the customer say?');
    await submit('pia', { text: 'They cannot export anything', new_customer: 'Globex' });
    expect(await openHome('pia')).not.toContain('Set up Throughline');
  });

  it('says where somebody has to invite us', async () => {
    const { promote, openHome, press, submit, slack, channel, home } = await takeStage({ env: NOTHING_SET });
    promote('pia');
    slack.human.createChannel('pia', { name: 'secret', is_private: true });
    await openHome('pia');
    await press('pia', 'home_step');
    const sent = await submit('pia', { channels: [channel('secret')] });
    expect(sent.outcome).toBe('updated');
    expect(JSON.stringify(sent)).toContain('/invite @Throughline');
    expect(home('pia')).toContain('0 of 3 done');
  });

  it('shows a member who administers nothing what they can do, in two lines', async () => {
    const { openHome } = await takeStage({ env: NOTHING_SET });
    const shown = await openHome('dan');
    expect(shown.split('\n').slice(0, 2).join('\n')).toMatch(/Send to Throughline.*memo.*\n.*ask.*\/throughline help/);
    expect(shown).not.toContain('Set up Throughline');
  });
});

describe('pausing', () => {
  it('holds what would be posted, loses nothing, answers whoever asks, and goes on where it stopped', async () => {
    const { openHome, press, home, openCard, parents, ask, app, complain, newcomer } = await takeStage();
    await openHome('pia');
    await press('pia', 'home_page', { nth: 1 });
    await press('pia', 'home_pause');
    expect(home('pia')).toContain('*Throughline is paused*, by Pia Product');
    await expect(openCard()).rejects.toThrow('There is no card');
    await complain(newcomer('eva'), EXPORT_COMPLAINTS[4]);
    expect(parents()).toEqual([]);
    expect(await app.db.query('select 1 from signal_key')).toHaveLength(4);
    expect(await ask('pia', 'insight')).toMatch(/export.*Throughline is paused, by Pia Product/is);
    expect(await ask('sam', 'resume')).toContain('what was held back comes now');
    expect(parents()).toHaveLength(1);
    expect(parents()[0]!.text).toMatch(/Reports: 4/);
    expect(await ask('sam', 'resume')).toContain('I am not paused.');
    expect(await ask('pia', 'insight')).not.toContain('paused');
  });

  it('lets people decide, and says with the click that it is paused', async () => {
    const { openCard, click, card, toldTo, linear, audit, ask } = await takeStage();
    await openCard();
    await ask('pia', 'pause');
    await click('pia', 'card_file');
    expect(linear.state.issues.size).toBe(1);
    expect(card().text).toContain('Filed as');
    expect(toldTo('pia').at(-1)).toContain('Throughline is paused, by Pia Product');
    expect(await audit('workspace.%')).toEqual(['workspace.paused by pia']);
  });
});

describe('administration', () => {
  it('opens for somebody who has talked with the bot, and names no direct conversation', async () => {
    const { openHome, press, home, slack, user, settle, openCard } = await takeStage({ without: ['im:read'] });
    await openCard();
    slack.human.direct(user('pia'), 'what do customers complain about?');
    await settle();
    await openHome('pia');
    await press('pia', 'home_page', { nth: 1 });
    expect(home('pia')).toContain('Sources and connections');
    expect(home('pia')).not.toContain('direct messages:');
  });

  it('switches a channel’s mode, capture and owner at once, each on the record', async () => {
    const { openHome, press, home, complain, app, audit, user, channel } = await takeStage();
    await openHome('pia');
    await press('pia', 'home_page', { nth: 1 });
    expect(home('pia')).toContain('support');
    await press('pia', 'admin_mode', { value: 'off' });
    await complain('ana', EXPORT_COMPLAINTS[0]);
    expect(await app.db.query('select 1 from signal_key')).toEqual([]);
    await press('pia', 'admin_mode', { value: 'observe' });
    await complain('ana', EXPORT_COMPLAINTS[1]);
    expect(await app.db.query('select 1 from signal_key')).toHaveLength(1);
    await press('pia', 'admin_capture', { value: 'conservative' });
    await press('pia', 'admin_owner', { value: user('sam') });
    expect(home('pia')).toContain('Sam Support is reminded when nobody decides');
    expect(
      await app.db.query('select mode, capture, owner_id, origin from channel where channel_id = $1', [
        channel('support'),
      ]),
    ).toEqual([{ mode: 'observe', capture: 'conservative', owner_id: user('sam'), origin: 'person' }]);
    await press('pia', 'admin_no_owner');
    expect(await audit('channel.%')).toEqual([
      'channel.mode by pia',
      'channel.mode by pia',
      'channel.capture by pia',
      'channel.owner by pia',
      'channel.owner by pia',
    ]);
  });

  it('asks every connection on demand, says what to do about a broken one, and shows no secret', async () => {
    const { openHome, press, home, env, linear, complain } = await takeStage();
    await complain('ana', EXPORT_COMPLAINTS[0]);
    await openHome('pia');
    await press('pia', 'home_page', { nth: 1 });
    expect(home('pia')).toMatch(/\*Slack\*: connected, not checked yet · last heard from/);
    expect(home('pia')).toContain('*GitHub*: not connected');
    await press('pia', 'admin_check');
    expect(home('pia')).toContain('Checked: every connection works.');
    expect(home('pia')).toMatch(/\*Linear\*: works/);
    expect(home('pia')).toMatch(/\*Database\*: works/);
    linear.faults.next({ kind: 'server_error', times: 3 });
    await press('pia', 'admin_check');
    expect(home('pia')).toContain('Checked: 1 with a problem.');
    expect(home('pia')).toMatch(/\*Linear\*: \*has a problem\*/);
    for (const secret of [env.SLACK_BOT_TOKEN, env.LINEAR_API_KEY, env.ZENDESK_CLIENT_SECRET, env.MASTER_KEY])
      expect(home('pia')).not.toContain(secret);
  });

  it('changes a setting in a window, refuses what it cannot be, and takes it back to its standard', async () => {
    const { openHome, press, modal, submit, app, home, complain, parents, audit } = await takeStage();
    await openHome('pia');
    await press('pia', 'home_page', { nth: 1 });
    await press('pia', 'admin_setting', { value: 'v1|insight.customers' });
    expect(modal('pia').words).toContain('Distinct customers within 14 days');
    const refused = await submit('pia', { value: 'many' });
    expect(refused).toMatchObject({ outcome: 'errors', by: 'app' });
    expect(JSON.stringify(refused)).toContain('a whole number from 1 to 1000');
    await submit('pia', { value: '1' });
    expect(home('pia')).toContain('Saved: `insight.customers`.');
    await complain('ana', EXPORT_COMPLAINTS[0]);
    expect(parents()).toHaveLength(1);
    await press('pia', 'admin_setting', { value: 'v1|insight.customers' });
    await submit('pia', { standard: ['standard'] });
    expect(await app.db.query(`select 1 from setting where key = 'insight.customers'`)).toEqual([]);
    expect(await audit('setting.%')).toEqual(['setting.changed by pia', 'setting.changed by pia']);
  });
});

describe('preferences', () => {
  it('are a person’s own, and say what is wrong where it is wrong', async () => {
    const { openHome, press, modal, submit, home, app, user } = await takeStage();
    expect(await openHome('dan')).toMatch(/No digest · no quiet hours · time zone Europe\/Lisbon, as in Slack/);
    await press('dan', 'preferences_open');
    expect(modal('dan').words).toContain('Quiet hours');
    const refused = await submit('dan', { digest: 'daily', time_zone: 'Middle-Earth/Shire' });
    expect(JSON.stringify(refused)).toContain('I do not know that time zone');
    await submit('dan', {
      digest: 'daily',
      quiet: ['quiet'],
      quiet_from: '20:00',
      quiet_to: '07:30',
      time_zone: 'Asia/Tokyo',
    });
    expect(home('dan')).toContain('Your preferences are saved.');
    expect(home('dan')).toMatch(/A digest every day · quiet from 20:00 to 07:30 · time zone Asia\/Tokyo/);
    expect(await app.db.query('select person_id, digest from preference')).toEqual([
      { person_id: user('dan'), digest: 'daily' },
    ]);
  });
});

describe('trends by menus', () => {
  it('count what the menus say, and keep the choice', async () => {
    const { openCard, openHome, press, home } = await takeStage();
    await openCard();
    await openHome('dan');
    await press('dan', 'home_page');
    expect(home('dan')).toContain('3 reports from 3 customers');
    await press('dan', 'home_trends', { nth: 2, value: 'zendesk' });
    expect(home('dan')).toContain('No reports');
    await press('dan', 'home_trends', { nth: 2, value: 'all' });
    await press('dan', 'home_trends', { value: '7' });
    expect(home('dan')).toContain('3 reports from 3 customers in the last 7 days');
    await openHome('dan');
    await press('dan', 'home_page');
    expect(home('dan')).toContain('in the last 7 days');
  });

  it('show their chart when it is drawn, in words for those who do not see it, and do without where uploads are not allowed', async () => {
    const pictureOf = (stage: Awaited<ReturnType<typeof takeStage>>, who: string) =>
      stage.slack.state.homeOf(who)!.view.blocks.find(({ type }) => type === 'image');
    const stage = await takeStage();
    await stage.openCard();
    await stage.openHome('dan');
    await stage.press('dan', 'home_page');
    const shown = pictureOf(stage, 'dan');
    expect(shown).toMatchObject({ slack_file: { id: expect.stringMatching(/^F/) } });
    expect(String(shown!.alt_text)).toMatch(/reports.* 3\b/);
    // The same numbers are not drawn again.
    const files = stage.slack.state.files.size;
    await stage.openHome('dan');
    await stage.press('dan', 'home_page');
    expect(pictureOf(stage, 'dan')).toMatchObject({ slack_file: shown!.slack_file });
    expect(stage.slack.state.files.size).toBe(files);
    const other = await takeStage({ without: ['files:write'] });
    await other.openCard();
    await other.openHome('dan');
    await other.press('dan', 'home_page');
    expect(pictureOf(other, 'dan')).toBeUndefined();
    expect(other.home('dan')).toContain('3 reports from 3 customers');
  });
});

describe('/throughline home', () => {
  it('leads to the tab', async () => {
    const { ask, slack } = await takeStage();
    const { team, app } = slack.state;
    expect(await ask('pia', 'home')).toContain(`slack://app?team=${team.id}&amp;id=${app.id}&amp;tab=home`);
  });
});

/** More cards like the one there is, each older than the one before. */
async function multiplied(db: Awaited<ReturnType<typeof take>>['app']['db'], times: number): Promise<void> {
  const copy = (table: string, changed: string) =>
    db.query(
      `insert into ${table} select r.* from ${table} t cross join generate_series(1, $1::int) n
         cross join lateral jsonb_populate_record(t, ${changed}) r`,
      [times],
    );
  await copy('theme', `jsonb_build_object('id', t.id || n)`);
  await copy('insight', `jsonb_build_object('id', t.id || n, 'theme_id', t.theme_id || n)`);
  await copy(
    'conversation',
    `jsonb_build_object('id', t.id || n, 'theme_id', t.theme_id || n, 'root_external_id', t.root_external_id || n)`,
  );
  await copy(
    'card',
    `jsonb_build_object('id', t.id || n, 'theme_id', t.theme_id || n, 'insight_id', t.insight_id || n, 'proposal_id', t.proposal_id || n,
       'ts', null, 'created_at', t.created_at - n * interval '1 day')`,
  );
}
