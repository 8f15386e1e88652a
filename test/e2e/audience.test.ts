// Whose words reach whom: through cards, threads, answers, windows and pages nobody reads what was said where they could not read it.
import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import { systemFetch } from '#src/system.ts';
import { actionsOf, leaveStage, shownOn, takeStage } from '#test/support/hands.ts';
import { type Shown, witnessOf } from '#test/support/witness.ts';
import { API_TOKEN } from '#test/support/world.ts';

afterEach(leaveStage);

const PAGES = 'https://throughline.test';
const GLOBEX = 'T0GLOBEX001';
const DECIDING = ['card_file', 'card_edit', 'card_snooze', 'card_dismiss'];

/** One complaint, told with a word that nobody else uses. */
const complaintWith = (word: string) => `The CSV export of ${word} fails with error 500 since this morning`;

/** A company with a private channel, a channel shared with a customer, a guest and tickets; and a witness of all that is shown. */
async function company() {
  const stage = await takeStage({ env: { PUBLIC_URL: PAGES } });
  const { slack, channel, settle } = stage;
  const { human, state } = slack;
  human.join({ name: 'vic', real_name: 'Vic Vault' });
  human.join({ name: 'eve', real_name: 'Eve Elsewhere', is_stranger: true, team_id: GLOBEX });
  human.createChannel('pia', { name: 'vault', is_private: true, members: ['vic', 'throughline'] });
  human.createChannel('pia', {
    name: 'globex',
    is_private: true,
    is_ext_shared: true,
    members: ['eve', 'throughline'],
  });
  await settle();
  const witness = witnessOf(state);
  /** People by name who read something with this word in it. */
  const readersOf = (shown: readonly Shown[], word: string) =>
    new Set(
      shown
        .filter(({ text }) => text.toLowerCase().includes(word.toLowerCase()))
        .flatMap(({ readers }) => readers.map((id) => state.user(id).name)),
    );
  const ticket = (words: string) =>
    stage.zendesk.human.createTicket(
      { name: 'Nina Ticket', email: 'nina@globex.test', organization: 'Initech' },
      { subject: words, body: words },
    );
  return {
    ...stage,
    human,
    witness,
    ticket,
    /** Without the invisible marks that keep Slack from making links of what is none. */
    ask: async (who: string, words: string) => (await stage.ask(who, words)).replace(/\p{Cf}/gu, ''),
    /** Everybody who has read this word so far. */
    haveRead: (word: string) => [...readersOf(witness.everything, word)].sort(),
    /** Everybody who finds it in what stands in a channel now. */
    canRead: (word: string) => [...readersOf(witness.standing(), word)].sort(),
    details: () => stage.repliesTo(stage.card().ts)[0]!,
    insightId: () => /ins_[0-9a-f]{24}/.exec(stage.card().text)![0],
    linkTo: (where: string, ts: string) => state.permalink(channel(where), ts),
  };
}

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

describe('any mixture of places, readers and questions', () => {
  // Each place has its own word; who may read it is decided here, by who is in the place.
  const PLACES = {
    support: { word: 'zanzibar', authors: ['ana', 'ben', 'cleo', 'dan'] },
    vault: { word: 'quokka', authors: ['vic'] },
    globex: { word: 'narwhal', authors: ['eve'] },
    ticket: { word: 'wombat', authors: [] },
  } as const;
  type Place = keyof typeof PLACES;
  const step = fc.oneof(
    {
      weight: 5,
      arbitrary: fc.record({
        do: fc.constant('report' as const),
        place: fc.constantFrom(...(Object.keys(PLACES) as Place[])),
      }),
    },
    {
      weight: 2,
      arbitrary: fc.record({ do: fc.constant('join' as const), who: fc.constantFrom('gus', 'eve', 'vic', 'dan') }),
    },
    {
      weight: 1,
      arbitrary: fc.record({ do: fc.constant('leave' as const), who: fc.constantFrom('gus', 'eve', 'vic', 'dan') }),
    },
    {
      weight: 3,
      arbitrary: fc.record({
        do: fc.constant('ask' as const),
        who: fc.constantFrom('gus', 'eve', 'vic', 'ana', 'sam'),
        what: fc.constantFrom('insight', 'insight ID', 'trace ID', 'trace ENG-1', 'trends', 'trace LINK'),
      }),
    },
    {
      weight: 2,
      arbitrary: fc.record({
        do: fc.constant('click' as const),
        who: fc.constantFrom('gus', 'vic', 'sam', 'pia'),
        what: fc.constantFrom('card_edit', 'card_file', 'card_undo', 'card_snooze'),
      }),
    },
    {
      weight: 1,
      arbitrary: fc.record({ do: fc.constant('react' as const), who: fc.constantFrom('sam', 'vic', 'pia') }),
    },
  );

  it('tells nobody what they could not read where it was said', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 12, maxLength: 24 }), async (steps) => {
        const all = await company();
        const { complain, ticket, human, slack, user, channel, settle, ask, click, react, parents, witness } = all;
        const { state } = slack;
        const isIn = (who: string, where: string) => state.channel(where).members.has(state.user(who).id);
        const mayRead = (who: string, place: Place) => {
          const outsider = who === 'gus' || who === 'eve';
          if (place === 'ticket') return !outsider;
          return isIn(who, place) || (place === 'support' && !outsider);
        };
        const problems: string[] = [];
        let seen = 0;
        const links: string[] = [];
        /** Who has read what they may not: what was written since, and what stands there now. */
        const judge = (after: string) => {
          const shown = [...witness.everything.slice(seen), ...witness.standing()];
          seen = witness.everything.length;
          for (const { text, readers } of shown)
            for (const [place, { word }] of Object.entries(PLACES) as [Place, { word: string }][])
              if (text.toLowerCase().includes(word))
                for (const id of readers)
                  if (!mayRead(state.user(id).name, place))
                    problems.push(`${state.user(id).name} read ${word} after ${after}`);
        };
        // Something to look at from the start.
        for (const who of ['ana', 'ben', 'cleo'] as const) await complain(who, complaintWith('zanzibar'));
        let turn = 0;
        for (const one of steps) {
          turn += 1;
          if (one.do === 'report') {
            const { word, authors } = PLACES[one.place];
            if (one.place === 'ticket') ticket(complaintWith(word));
            else
              links.push(
                all.linkTo(
                  one.place,
                  (await complain(authors[turn % authors.length]!, complaintWith(word), { in: one.place })).ts,
                ),
              );
          }
          if (one.do === 'join' && !isIn(one.who, 'insights')) human.invite('pia', channel('insights'), one.who);
          if (one.do === 'leave' && isIn(one.who, 'insights')) human.leave(one.who, channel('insights'));
          await settle();
          const card = parents().at(-1);
          const id = /ins_[0-9a-f]{24}/.exec(card?.text ?? '')?.[0] ?? 'none';
          if (one.do === 'ask' && isIn(one.who, 'insights'))
            await ask(one.who, one.what.replace('ID', id).replace('LINK', links.at(-1) ?? 'none'));
          if (one.do === 'click' && card && isIn(one.who, 'insights') && actionsOf(card).includes(one.what))
            await click(one.who, one.what, { ts: card.ts });
          if (one.do === 'react' && card && isIn(one.who, 'insights'))
            await react(one.who, 'white_check_mark', { ts: card.ts });
          judge(JSON.stringify(one));
        }
        // Something was shown to those who may read it, or this would hold of a bot that says nothing.
        expect(all.haveRead('zanzibar').length).toBeGreaterThan(0);
        expect(state.user('pia').id).toBe(user('pia'));
        await leaveStage();
        expect(problems).toEqual([]);
      }),
      { numRuns: 6, endOnFailure: true },
    );
  }, 240_000);
});
