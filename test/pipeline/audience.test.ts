// Audiences over stored places: a theme, an insight and a chain show no word of a place that somebody who reads them cannot open.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Insight } from '#src/domain/insight.ts';
import type { LineageKind, Trace } from '#src/domain/lineage.ts';
import type { Tx } from '#src/domain/ports.ts';
import { type Audience, mayRead, oneReader, type Readers, STAFF_ONLY } from '#src/domain/visibility.ts';
import { createAudiences } from '#src/pipeline/audience.ts';
import { screenTrace } from '#src/pipeline/screen.ts';

const NO_DATABASE = {} as Tx;
const nobody = new Set<string>();
const only = (...members: string[]): Readers => ({ everyMember: false, members: new Set(members), outsiders: nobody });

/** The channels of a small company. */
const CHANNELS: Record<string, Audience> = {
  public: STAFF_ONLY,
  private: only('mia', 'max'),
  direct: only('mia'),
  connect: { everyMember: false, members: new Set(['mia', 'max']), outsiders: new Set(['shared:connect', 'eve']) },
  guests: { everyMember: true, members: nobody, outsiders: new Set(['gus']) },
  left: 'unknown',
};
const CONTAINERS = [...Object.keys(CHANNELS).map((name) => `slack:${name}`), 'zendesk:main', 'import:crm'];
const readers = fc.oneof(
  fc.constantFrom(...Object.values(CHANNELS)),
  fc.constantFrom('mia', 'max', 'ida').map((id) => oneReader({ id, kind: 'member' })),
  fc.constantFrom('gus', 'eve').map((id) => oneReader({ id, kind: 'guest' })),
);

/** Reports by the place they come from; every one is in the theme. */
const theme = fc.array(fc.constantFrom(...CONTAINERS), { minLength: 1, maxLength: 5 });

function audiencesOf(containers: readonly string[]) {
  const said = containers.flatMap((containerId, at) =>
    ['con', 'sig', 'obs'].map((kind) => ({ id: `${kind}_${at}`, containerId })),
  );
  return createAudiences({
    places: {
      containersOf: async (_tx, ids) => said.filter(({ id }) => ids.includes(id)),
      containersOfThemes: async (_tx, ids) =>
        ids.flatMap((id) => containers.map((containerId) => ({ id, containerId }))),
    },
    readersOf: async (channelId) => CHANNELS[channelId] ?? 'unknown',
  });
}

function isOpen(containerId: string, audience: Audience): boolean {
  const channel = containerId.startsWith('slack:') ? CHANNELS[containerId.slice('slack:'.length)]! : STAFF_ONLY;
  return channel !== 'unknown' && mayRead(channel, audience);
}

const insightOf = (evidence: readonly number[]) =>
  ({
    id: 'ins_1',
    themeId: 'thm_1',
    evidence: evidence.map((at) => ({ conversationId: `con_${at}` })),
  }) as unknown as Insight;

describe('what an audience may see of a theme', () => {
  it('is nothing of its words unless every report of it can be read, and each conversation for itself', async () => {
    await fc.assert(
      fc.asyncProperty(theme, readers, async (containers, audience) => {
        const audiences = audiencesOf(containers);
        const ids = containers.map((_, at) => `con_${at}`);
        const open = await audiences.conversations(NO_DATABASE, ids, audience);
        expect([...open]).toEqual(ids.filter((_, at) => isOpen(containers[at]!, audience)));
        const whole = containers.every((container) => isOpen(container, audience));
        expect((await audiences.themes(NO_DATABASE, ['thm_1'], audience)).has('thm_1')).toBe(whole);
        expect((await audiences.insights(NO_DATABASE, [insightOf([0])], audience)).has('ins_1')).toBe(whole);
      }),
      { numRuns: 300 },
    );
  });

  it('is nothing when nothing is left of what was said, or the insight quotes what has left the theme', async () => {
    const audiences = audiencesOf(['slack:public']);
    expect((await audiencesOf([]).themes(NO_DATABASE, ['thm_1'], STAFF_ONLY)).size).toBe(0);
    expect((await audiences.insights(NO_DATABASE, [insightOf([0])], STAFF_ONLY)).size).toBe(1);
    expect((await audiences.insights(NO_DATABASE, [insightOf([0, 7])], STAFF_ONLY)).size).toBe(0);
  });
});

describe('what an audience may see of a chain', () => {
  /** A chain over these reports in which every word, name, time and link of a place names the place. */
  function traceOf(containers: readonly string[]): Trace {
    const node = (id: string, kind: LineageKind, secret: string) => ({
      id,
      kind,
      label: `words of ${secret}`,
      at: `time of ${secret}`,
      who: `author of ${secret}`,
      why: `reason of ${secret}`,
      url: `https://links.example/${secret}`,
    });
    const all = containers.join(' ');
    return {
      focus: 'thm_1',
      nodes: [
        ...containers.flatMap((container, at) => [
          node(`cus_${at}`, 'customer', container),
          node(`sig_${at}`, 'signal', container),
          node(`con_${at}`, 'conversation', container),
          node(`obs_${at}`, 'observation', container),
          {
            ...node(`act_${at}`, 'action', container),
            label: `Link on the issue: ${container}, taken back`,
            at: null,
            who: null,
            why: null,
          },
        ]),
        node('thm_1', 'theme', all),
        node('ins_1', 'insight', all),
        {
          ...node('act_9', 'action', ''),
          label: 'Issue: ENG-1',
          url: `https://linear.app/acme/issue/ENG-1/${all.replaceAll(' ', '-')}`,
        },
      ],
      edges: containers.map((_, at) => ({ from: `cus_${at}`, to: `con_${at}`, relation: 'said' })),
      hidden: 0,
    };
  }

  it('keeps every place in the chain, and no word, name, time or link of a place that somebody cannot open', async () => {
    await fc.assert(
      fc.asyncProperty(theme, readers, async (containers, audience) => {
        const trace = traceOf(containers);
        const audiences = audiencesOf(containers);
        const insights = { byId: async () => insightOf(containers.map((_, at) => at)) };
        const shown = await screenTrace({ audiences, insights }, NO_DATABASE, trace, audience);
        expect(shown.nodes.map(({ id, kind }) => [id, kind])).toEqual(trace.nodes.map(({ id, kind }) => [id, kind]));
        const told = JSON.stringify(shown);
        for (const container of containers) {
          if (isOpen(container, audience)) expect(told).toContain(`words of ${container}`);
          else expect(told).not.toContain(container);
        }
        expect(told).toContain('https://linear.app/acme/issue/ENG-1');
        if (containers.every((container) => isOpen(container, audience))) expect(shown).toEqual(trace);
      }),
      { numRuns: 300 },
    );
  });
});
