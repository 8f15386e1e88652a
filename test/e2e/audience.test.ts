// Whose words reach whom: through cards, threads, answers, windows and pages nobody reads what was said where they could not read it.
import { afterEach, describe, expect, it } from 'vitest';
import { systemFetch } from '#src/system.ts';
import { company, complaintWith, GLOBEX, PAGES } from '#test/support/company.ts';
import { actionsOf, leaveStage, shownOn } from '#test/support/hands.ts';
import { API_TOKEN } from '#test/support/world.ts';

afterEach(leaveStage);

const DECIDING = ['card_file', 'card_edit', 'card_snooze', 'card_dismiss'];

describe('a card in a channel where a guest reads along', () => {
  it('loses what the guest could not open as soon as they join, counts it, and has it again when they leave', async () => {
    const { complain, card, details, invite, human, user, channel, settle, ask, insightId, canRead } = await company();
    await complain('ana', complaintWith('zanzibar'));
    await complain('ben', complaintWith('zanzibar'));
    await complain('cleo', complaintWith('zanzibar'));
    expect(canRead('zanzibar')).toEqual(['ana', 'pia', 'sam']);
    const before = card();
    const said = before.text;

    await invite('gus', 'insights');
    expect(card().ts).toBe(before.ts);
    expect(canRead('zanzibar')).toEqual([]);
    for (const text of [card().text, shownOn(card())]) {
      expect(text).toMatch(/A bug in \w+|A bug/);
      expect(text).toContain('3 quotes hidden');
      expect(text).toMatch(/Words hidden:/);
      expect(text).toMatch(/Customers\W+3 /);
      expect(text).not.toMatch(/Ana Costa|Ben Olsen|Cleo Martin|archives/);
    }
    expect(details().text).toContain('3 quotes hidden');
    expect(details().text).not.toContain(PAGES);
    expect(actionsOf(card())).toEqual(DECIDING);
    // Whoever may read it still can, by asking for oneself.
    expect(await ask('pia', `insight ${insightId()}`)).toContain('zanzibar');

    human.leave(user('gus'), channel('insights'));
    await settle();
    expect(card().text).toBe(said);
    expect(canRead('zanzibar')).toEqual(['ana', 'pia', 'sam']);
  });

  it('keeps what the guest reads where it was said, and hides a ticket', async () => {
    const { complain, card, invite, canRead, haveRead, ticket, settle, slack, channel } = await company();
    await invite('gus', 'support');
    await invite('gus', 'insights');
    for (const who of ['ana', 'ben', 'cleo']) await complain(who, complaintWith('zanzibar'));
    expect(canRead('zanzibar')).toEqual(['ana', 'gus', 'pia', 'sam']);
    expect(card().text).not.toContain('hidden');
    // Two voices of the channel leave, so that the ticket is among the few that are quoted.
    for (const message of slack.state.timeline(channel('support')).slice(-2))
      slack.human.remove(message.user!, channel('support'), message.ts);
    ticket(complaintWith('quokka'));
    await settle();
    expect(card().text).toMatch(/1 Slack, 1 Zendesk/);
    expect(card().text).toContain('1 quote hidden');
    expect(card().text).toContain('zanzibar');
    expect(haveRead('quokka')).toEqual([]);
  });

  it('files what a member approves, and names the issue by its number alone', async () => {
    const { complain, card, invite, click, linear, canRead } = await company();
    for (const who of ['ana', 'ben', 'cleo']) await complain(who, complaintWith('zanzibar'));
    await invite('gus', 'insights');
    await click('pia', 'card_file');
    const [issue] = [...linear.state.issues.values()];
    expect(`${issue!.title} ${issue!.description}`).toContain('zanzibar');
    expect(issue!.url).toContain('zanzibar');
    expect(card().text).toMatch(/Filed as .*https:\/\/linear\.app\/acme\/issue\/ENG-1[|>]/);
    // Those of the channel where it was said are told there; the guest is not among them.
    expect(canRead('zanzibar')).toEqual(['ana', 'ben', 'cleo', 'dan', 'pia', 'sam']);
  });
});

describe('what was said in a private channel', () => {
  /** Two reports that all may read, and one from the vault, on one card. */
  async function mixed() {
    const all = await company();
    const { complain } = all;
    await complain('ana', complaintWith('zanzibar'));
    await complain('ben', complaintWith('zanzibar'));
    const secret = await complain('vic', complaintWith('quokka'), { in: 'vault' });
    return { ...all, secret, secretLink: all.linkTo('vault', secret.ts) };
  }

  it('is hidden and counted on the card, and nothing on it is made of those words', async () => {
    const { card, haveRead, canRead, details } = await mixed();
    expect(card().text).toMatch(/Customers: 3 /);
    expect(card().text).toContain('1 quote hidden');
    expect(details().text).toContain('1 quote hidden');
    expect(canRead('zanzibar')).toEqual(['ana', 'pia', 'sam']);
    expect(haveRead('quokka')).toEqual([]);
    expect(haveRead('Vic Vault')).toEqual([]);
  });

  it('is told by each command only to those who are in that channel', async () => {
    const { ask, insightId, haveRead, secret, secretLink, click, human, user, channel, settle } = await mixed();
    await click('pia', 'card_file');
    human.invite(user('pia'), channel('insights'), 'vic');
    await settle();
    for (const words of [
      'insight',
      `insight ${insightId()}`,
      'trace ENG-1',
      `trace ${insightId()}`,
      `trace ${secretLink}`,
      'trends',
    ]) {
      const told = await ask('sam', words);
      expect(told, words).not.toMatch(/quokka|Vic Vault/i);
      expect(told, words).not.toContain(`p${secret.ts.replace('.', '')}`);
    }
    expect(haveRead('quokka')).toEqual([]);
    expect(await ask('sam', 'insight')).toContain('its words come from a place that you cannot open');
    expect(await ask('sam', 'trace ENG-1')).toContain('hidden: you cannot open where it comes from');
    expect(await ask('pia', `insight ${insightId()}`)).toContain('quokka');
    expect(await ask('vic', 'trace ENG-1')).toContain(secretLink);
    // Who asks what there is to trace is not handed the address of a message that they cannot open.
    expect(await ask('sam', 'trace something else')).toMatch(
      /can be traced: ENG-1, ins_[0-9a-f]+, the link of a message/,
    );
  });

  it('is in the editor only for those who may read all of it', async () => {
    const { click, slack, user, toldTo, linear } = await mixed();
    await click('sam', 'card_edit');
    expect(slack.state.modalsOf(user('sam'))).toEqual([]);
    expect(toldTo('sam').at(-1)).toMatch(/written where you cannot read/);
    await click('pia', 'card_edit');
    expect(JSON.stringify(slack.state.modalsOf(user('pia'))[0]!.view)).toContain('quokka');
    expect(linear.state.issues.size).toBe(0);
  });

  it('is not named in the threads of others when it is filed', async () => {
    const { click, slack, channel, haveRead } = await mixed();
    await click('pia', 'card_file');
    const replies = [...slack.state.channel(channel('support')).messages].filter(
      ({ user, thread_ts, ts }) => user === slack.state.app.botUserId && thread_ts !== ts,
    );
    expect(replies.map(({ text }) => text)).toEqual([
      expect.stringMatching(/^This is now tracked\. <https:\/\/linear\.app\/acme\/issue\/ENG-1\|ENG-1>$/),
    ]);
    expect(haveRead('quokka').filter((who) => !['pia', 'vic'].includes(who))).toEqual([]);
  });

  it('is on no page that a link opens, and a page gives nothing away by itself', async () => {
    const { app, details, secretLink, click } = await mixed();
    await click('pia', 'card_file');
    const link = /https:\/\/throughline\.test\/lineage\/[^\s|>]+/.exec(details().text)![0];
    const page = await systemFetch(link.replace(PAGES, app.url!));
    const html = await page.text();
    expect(page.status).toBe(200);
    expect(html).toContain('Hidden: not everybody can open where it comes from.');
    for (const word of ['quokka', 'Vic Vault', secretLink]) expect(html).not.toContain(word);
    // What Slack, or any other reader of links, would show beside it.
    expect(html).not.toMatch(/og:|twitter:|oembed|name="description"|application\/ld\+json/i);
    expect(/<title>([^<]*)<\/title>/.exec(html)![1]).toBe('Lineage · Throughline');
    expect(page.headers.get('link')).toBeNull();
    const bot = await systemFetch(link.replace(PAGES, app.url!).replace(/sig=.*/, 'sig=guessed'));
    expect(bot.status).toBe(401);
    expect(await bot.text()).not.toContain('zanzibar');
    const asJson = await systemFetch(`${app.url}/lineage/ENG-1`, {
      headers: { authorization: `Bearer ${API_TOKEN}`, accept: 'application/json' },
    });
    expect(await asJson.text()).not.toMatch(/quokka|Vic Vault/);
  });
});

describe('when a channel becomes another kind of channel', () => {
  it('hides what was said in it once it is private, and shows it again once it is public', async () => {
    const { complain, card, human, canRead, settle, channel } = await company();
    for (const who of ['ana', 'ben', 'cleo']) await complain(who, complaintWith('zanzibar'));
    human.convertChannel('pia', channel('support'), true);
    await settle();
    // Everybody may join #insights, and not everybody may read #support any more.
    expect(canRead('zanzibar')).toEqual([]);
    expect(card().text).toContain('3 quotes hidden');
    // Now only its members read #insights, and all of them are in #support.
    human.convertChannel('pia', channel('insights'), true);
    await settle();
    expect(canRead('zanzibar')).toEqual(['ana', 'pia', 'sam']);
    human.join({ name: 'ivy' });
    human.invite('pia', channel('insights'), 'ivy');
    await settle();
    expect(canRead('zanzibar')).toEqual([]);
    human.invite('pia', channel('support'), 'ivy');
    await settle();
    expect(canRead('zanzibar')).toEqual(['ana', 'ivy', 'pia', 'sam']);
    human.leave('ivy', channel('support'));
    await settle();
    expect(canRead('zanzibar')).toEqual([]);
    human.convertChannel('pia', channel('support'), false);
    await settle();
    expect(canRead('zanzibar')).toEqual(['ana', 'ivy', 'pia', 'sam']);
  });

  it('hides everything where another company is let in, before any of its people are', async () => {
    const { complain, card, human, canRead, settle, channel } = await company();
    for (const who of ['ana', 'ben', 'cleo']) await complain(who, complaintWith('zanzibar'));
    human.shareChannel(channel('insights'), GLOBEX);
    await settle();
    expect(canRead('zanzibar')).toEqual([]);
    expect(card().text).toContain('3 quotes hidden');
    human.shareChannel(channel('insights'), GLOBEX, false);
    await settle();
    expect(canRead('zanzibar')).toEqual(['ana', 'pia', 'sam']);
  });
});
