// Any mixture of places, readers, questions and clicks on whatever is offered: nobody reads a word that was said where they could not read it.
import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import { elementsIn } from '#src/sandbox/slack/elements.ts';
import { company, complaintWith } from '#test/support/company.ts';
import { leaveStage } from '#test/support/hands.ts';

afterEach(leaveStage);

// Each place has its own word; who may read it is decided here, by who is in the place.
const PLACES = {
  support: { word: 'zanzibar', authors: ['ana', 'ben', 'cleo', 'dan'] },
  vault: { word: 'quokka', authors: ['vic'] },
  globex: { word: 'narwhal', authors: ['eve'] },
  ticket: { word: 'wombat', authors: [] },
} as const;
type Place = keyof typeof PLACES;
const OUTSIDERS = ['gus', 'eve'];

const QUESTIONS = [
  'insight',
  'insight ID',
  'trace ID',
  'trace ENG-1',
  'trace LINK',
  'trends',
  'trends 30d area:export kind:bug',
  'theme export',
  'theme ID',
  'why LINK',
  'digest',
  'noise',
  'ask what do customers complain about?',
  'ask how many reports since last week?',
  'help',
];

const somebody = fc.constantFrom('gus', 'eve', 'vic', 'ana', 'sam', 'pia');
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
    weight: 4,
    arbitrary: fc.record({ do: fc.constant('ask' as const), who: somebody, what: fc.constantFrom(...QUESTIONS) }),
  },
  // Whatever button or menu is before them: on the newest card, on their newest answer, in their window, on Home.
  {
    weight: 8,
    arbitrary: fc.record({
      do: fc.constant('press' as const),
      who: somebody,
      on: fc.constantFrom('card', 'card', 'answer', 'window', 'home'),
      nth: fc.nat(20),
      choice: fc.nat(9),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('send' as const), who: somebody }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('home' as const), who: somebody }) },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('react' as const),
      who: somebody,
      emoji: fc.constantFrom('white_check_mark', 'eyes', 'memo'),
    }),
  },
);

describe('any mixture of places, readers, questions and clicks', () => {
  it('tells nobody what they could not read where it was said', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 20, maxLength: 30, size: 'max' }), async (steps) => {
        const all = await company();
        const { complain, ticket, human, slack, channel, settle, ask, react, parents, witness, clock } = all;
        const { state } = slack;
        const isIn = (who: string, where: string) => state.channel(where).members.has(state.user(who).id);
        const mayRead = (who: string, place: Place) =>
          place === 'ticket'
            ? !OUTSIDERS.includes(who)
            : isIn(who, place) || (place === 'support' && !OUTSIDERS.includes(who));
        const problems: string[] = [];
        const links: string[] = [];
        let seen = 0;
        /** Who has read what they may not: what was written since, and what stands there now. */
        const judge = (after: string) => {
          const shown = [...witness.everything.slice(seen), ...witness.standing()];
          seen = witness.everything.length;
          for (const { text, readers } of shown)
            for (const [place, { word }] of Object.entries(PLACES) as [Place, { word: string }][])
              if (text.toLowerCase().includes(word))
                for (const id of readers)
                  if (!mayRead(state.user(id).name, place))
                    problems.push(`${state.user(id).name} read ${word} after ${after}: ${text.slice(0, 300)}`);
        };
        const press = async (who: string, on: string, nth: number, choice: number) => {
          const view = on === 'window' ? state.modalsOf(who).at(-1) : on === 'home' ? state.homeOf(who) : undefined;
          const message =
            on === 'card' ? parents().at(-1) : state.ephemeralsOf(who, channel('insights')).at(-1)?.message;
          const blocks = view?.view.blocks ?? (on === 'card' || on === 'answer' ? message?.blocks : undefined) ?? [];
          const offered = elementsIn(blocks).filter(
            ({ element, input }) =>
              !input && ['button', 'static_select', 'overflow'].includes(element.type) && !element.url,
          );
          const found = offered[nth % Math.max(1, offered.length)];
          if (!found) return;
          const options = (found.element.options ?? []) as { value: string }[];
          const value = options.length > 0 ? { value: options[choice % options.length]!.value } : {};
          if (view) await human.clickInView(who, view.view.id, found.actionId, value);
          else await human.click(who, channel('insights'), message!.ts, found.actionId, value);
        };

        // Something to look at from the start.
        for (const who of ['ana', 'ben', 'cleo'] as const) await complain(who, complaintWith('zanzibar'));
        for (const [turn, one] of steps.entries()) {
          // Slack allows so many changes a minute; what has to wait for the next one is not shown as it is yet.
          clock.advance(10_000);
          const here = 'who' in one && isIn(one.who, 'insights');
          if (one.do === 'report') {
            const { word, authors } = PLACES[one.place];
            const who = authors[turn % Math.max(1, authors.length)];
            if (who)
              links.push(all.linkTo(one.place, (await complain(who, complaintWith(word), { in: one.place })).ts));
            else ticket(complaintWith(word));
          }
          if (one.do === 'join' && !here) human.invite('pia', channel('insights'), one.who);
          if (one.do === 'leave' && here) human.leave(one.who, channel('insights'));
          const card = parents().at(-1);
          const id = /ins_[0-9a-f]{24}/.exec(JSON.stringify(card?.blocks ?? '').replace(/\p{Cf}/gu, ''))?.[0] ?? 'none';
          if (one.do === 'ask' && here)
            await ask(one.who, one.what.replace('ID', id).replace('LINK', links.at(-1) ?? 'none'));
          if (one.do === 'press' && (here || one.on === 'home')) await press(one.who, one.on, one.nth, one.choice);
          if (one.do === 'home') human.openHome(one.who);
          if (one.do === 'react' && here && card) await react(one.who, one.emoji, { ts: card.ts });
          const open = 'who' in one ? state.modalsOf(one.who).at(-1) : undefined;
          if (one.do === 'send' && open?.view.submit) await human.submitView(one.who, open.view.id);
          await settle();
          judge(JSON.stringify(one));
        }
        // Something was shown to those who may read it, or this would hold of a bot that says nothing.
        expect(all.haveRead('zanzibar').length).toBeGreaterThan(0);
        await leaveStage();
        expect(problems).toEqual([]);
      }),
      { numRuns: 8, endOnFailure: true },
    );
  }, 300_000);
});
