// A company for the question who reads what: a private channel, a channel shared with a customer, a guest, tickets, and a witness of all that is shown.
import { takeStage } from './hands.ts';
import { type Shown, witnessOf } from './witness.ts';

export const PAGES = 'https://throughline.test';
export const GLOBEX = 'T0GLOBEX001';

/** One complaint, told with a word that nobody else uses. */
export const complaintWith = (word: string) => `The CSV export of ${word} fails with error 500 since this morning`;

/** Opens it. `leaveStage` closes it. */
export async function company() {
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
