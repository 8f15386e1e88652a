// The strip of first steps. A step is ticked when the thing has really happened; what to do next is one button away.
import type { PageExample, PageTour } from '../model.ts';
import { toast } from './dialogs.ts';
import { byId, type Child, fill, h, icon } from './dom.ts';
import { avatar } from './people.ts';
import type { Store } from './store.ts';

/** What the strip can make the page do. */
export interface TourDeps {
  store: Store;
  enter(place: string): Promise<void>;
  showMessage(channel: string, ts: string): Promise<void>;
}

/** Draws the strip, or the small button that brings it back. */
export function drawTour(deps: TourDeps): void {
  const { store } = deps;
  const { tour, examples, bot } = store.state;
  const place = byId('tour');
  place.hidden = store.looking.tourHidden;
  byId('tour-back').hidden = !store.looking.tourHidden;
  const content = JSON.stringify([tour, examples, bot.state, store.state.people.length]);
  if (place.dataset.content === content) return;
  place.dataset.content = content;
  const steps = stepsOf(tour, deps);
  const now = steps.findIndex((step) => !step.done);
  fill(
    place,
    h(
      'ol',
      { class: 'tour-steps' },
      ...steps.map((step, index) =>
        h(
          'li',
          {
            class: step.done ? 'done' : index === now ? 'now' : 'later',
            'aria-current': index === now ? 'step' : null,
            data: { step: String(index + 1), done: String(step.done) },
          },
          h('span', { class: 'tour-number' }, step.done ? icon('check', 15) : index + 1),
          h(
            'span',
            { class: 'tour-title' },
            step.title,
            step.done && h('span', { class: 'visually-hidden' }, ' (done)'),
          ),
        ),
      ),
    ),
    h(
      'div',
      { class: 'tour-now' },
      ...(now === -1
        ? finished(deps)
        : [h('p', null, ...steps[now]!.text), h('div', { class: 'tour-actions' }, ...steps[now]!.actions)]),
    ),
    h(
      'button',
      {
        type: 'button',
        class: 'btn-bare tour-hide',
        'aria-label': 'Hide the first steps',
        title: 'Hide',
        onclick: () => void store.look({ tourHidden: true }),
      },
      icon('close', 15),
    ),
  );
}

function stepsOf(tour: PageTour, deps: TourDeps): { title: string; done: boolean; text: Child[]; actions: Child[] }[] {
  const { store } = deps;
  const insights = store.state.channels.find((one) => one.name === store.state.insightsChannel);
  const go = (label: string, run: () => void, primary = true) =>
    h('button', { type: 'button', class: `btn btn-small ${primary ? 'btn-primary' : ''}`, onclick: run }, label);
  return [
    {
      title: 'Complain as a customer',
      done: tour.complained,
      text: [
        'Two customers have said that their monthly report exports as an empty CSV file. ',
        h('strong', null, 'Be the third:'),
        ' send one of these, or choose who you are on the left and write it in your own words.',
      ],
      actions: store.state.examples.map((example) => drawExample(example, deps)),
    },
    {
      title: 'See the insight',
      done: tour.insight !== null,
      text: tour.complained
        ? [
            'Throughline is reading. ',
            h('strong', null, 'Three customers with one problem'),
            ' make an insight; it appears in ',
            h('strong', null, `#${insights?.name ?? 'insights'}`),
            ' within seconds. A problem of your own needs three different customers.',
          ]
        : [],
      actions: [
        insights && go(`Open #${insights.name}`, () => void deps.enter(insights.id)),
        ...store.state.examples.slice(1).map((example) => drawExample(example, deps)),
      ],
    },
    {
      title: 'File it in Linear',
      done: tour.issue !== null,
      text: [
        'The insight is there: who said it, since when, in their own words. Read it, then click ',
        h('strong', null, 'File in Linear'),
        ' on the card. Nothing is filed before somebody says so.',
      ],
      actions: [
        go('Show me the insight', () => void deps.showMessage(tour.insight?.channel ?? '', tour.insight?.ts ?? '')),
      ],
    },
    {
      title: 'Follow the lineage',
      done: tour.traced,
      text: [
        h('strong', null, tour.issue?.identifier ?? 'The issue'),
        ' is filed. Follow it back to the people who asked for it, and see who decided and why.',
      ],
      actions: [
        go(
          `Where does ${tour.issue?.identifier ?? 'it'} come from?`,
          () => void store.trace(tour.issue?.identifier ?? '', `Issue ${tour.issue?.identifier ?? ''}`),
        ),
      ],
    },
  ];
}

function drawExample(example: PageExample, deps: TourDeps): HTMLElement {
  const person = deps.store.person(example.as);
  const room = deps.store.channel(example.channel);
  return h(
    'button',
    {
      type: 'button',
      class: 'example',
      title: `Send this as ${person?.name ?? 'a customer'}`,
      data: { example: person?.handle ?? '' },
      onclick: async () => {
        await deps.store.look({ as: example.as, place: example.channel, thread: null });
        const answer = await deps.store.act({
          verb: 'post',
          as: example.as,
          channel: example.channel,
          text: example.text,
        });
        toast(
          answer.ok
            ? `Sent as ${person?.name ?? 'a customer'} in #${room?.name ?? ''}.`
            : (answer.error ?? 'That could not be sent.'),
        );
      },
    },
    avatar(person, 'small'),
    h('span', null, h('strong', null, person?.name.split(' ')[0] ?? ''), ` “${example.text}”`),
  );
}

function finished(deps: TourDeps): Child[] {
  const { store } = deps;
  return [
    h(
      'p',
      null,
      h('strong', null, 'That is the whole loop.'),
      ' Now try what you like: move the issue to Done, press Undo on the card, type ',
      h('code', null, '/throughline help'),
      ' in a channel, or write about a problem of your own as three customers.',
    ),
    h(
      'div',
      { class: 'tour-actions' },
      h(
        'button',
        { type: 'button', class: 'btn btn-small', onclick: () => void store.look({ tourHidden: true }) },
        'Hide the first steps',
      ),
    ),
  ];
}
