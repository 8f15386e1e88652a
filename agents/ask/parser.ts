// The parser: the common questions, understood by rules. It turns words into look-ups, or says that it does not understand.
import { AskCall, type AskDimension, type AskFilter } from '#src/domain/ask.ts';
import { takeTime } from './time.ts';

/** What a question asks for. `tiers` is a kind of customer that was named and that no source tells us of. */
export type Parsed =
  | { kind: 'look'; calls: AskCall[]; compares: boolean; tiers: string | null; guessed: boolean }
  | { kind: 'greeted' }
  | { kind: 'unknown' };

export const PARSER_VERSION = '1';
const QUESTION_LENGTH_MAX = 1_000;
const SUBJECT_WORDS_MAX = 8;
// A new theme is news for a week.
const NEWS_DAYS = 7;

const SUBJECT_OF =
  /\b(?:about|regarding|concerning|related to|relating to|around|mention(?:s|ed|ing)?|affected by|hit by|trouble with|problems? with|issues? with)\s+(.+)$/i;
const LOOSE_SUBJECT_OF = /\b(?:of|for|with|on|in)\s+(.+)$/i;
// Words that stand around a subject and are none.
const HOLLOW = new Set(
  (
    'a an the our my your their this that these those it its them us we i you they he she who what which when where why how is are was were be been do does did ' +
    'has have had can could will would should and or but so to of in on at by for from with about as than then there any some all more most many much often less ' +
    'fewer few new old now right still again else also just only really actually currently please tell show give list me know find see get got going up down ' +
    'customers customer clients client users user people person everyone everybody anyone somebody someone folks accounts account company companies ' +
    'report reports reported reporting complaint complaints complain complains complained complaining feedback message messages ticket tickets thing things ' +
    'issue issues problem problems topic topics theme themes trend trends rising falling growing increasing decreasing worse better getting time times over ' +
    'say says saying said talk talks talking ask asks asked asking want wants wanted wanting wish wishes request requests requested requesting like need needs ' +
    'hear hearing came come comes coming arrived arrive received receive sent send wrote write written posted made seen raised opened top biggest main common frequent number count total overall compare compared versus vs throughline hey hi hello thanks last recent recently ' +
    'lately week month day today year fastest bug bugs defect defects incident incidents outage outages question questions wishes feature area areas source sources kind kinds status happened became fixed done shipped resolved'
  ).split(' '),
);
const NAMES_OF_NOBODY =
  /^(?:slack|zendesk|linear|github|the|i|we|our|my|it|this|that|these|those|customers?|clients?|users?|people|anyone|anybody|everyone|somebody|someone|they|you|a|an|monday|tuesday|wednesday|thursday|friday|saturday|sunday|january|february|march|april|may|june|july|august|september|october|november|december|throughline)$/i;

/** Understands a question in plain words. `now` is for "since Monday". */
export function parseQuestion(question: string, now: Date): Parsed {
  const asked = question
    .slice(0, QUESTION_LENGTH_MAX)
    .normalize('NFKC')
    .replace(/[\u2018\u2019]/g, "'")
    .replace(/\s+/g, ' ')
    .trim();
  if (
    /^(?:hi|hello|hey|help|\?|thanks|thank you|good (?:morning|evening))\b[^?]{0,25}[.!?]*$/i.test(asked) ||
    asked === ''
  )
    return { kind: 'greeted' };
  if (/\bwhat (?:can|do|could) (?:you|i) (?:do|answer|ask|know|help)\b|\bhow (?:do|can) i (?:use|ask)\b/i.test(asked))
    return { kind: 'greeted' };

  const timed = takeTime(asked, now);
  const named = takeNamed(timed.rest);
  const { tiers } = named;
  const filter: AskFilter = { ...timed.span, ...named.filter };
  const rest = named.rest
    .replace(/[?!.,;:"“”]+/g, ' ')
    .replace(/\s+/g, ' ')
    .trim();
  const look = (calls: AskCall[], how: { compares?: boolean; guessed?: boolean } = {}): Parsed => {
    // Words that break the limits of a filter are no subject.
    const checked = calls.map((call) => AskCall.safeParse(call));
    return checked.every((one) => one.success)
      ? {
          kind: 'look',
          calls: checked.map((one) => one.data!),
          compares: how.compares ?? false,
          tiers,
          guessed: how.guessed ?? false,
        }
      : { kind: 'unknown' };
  };
  const about = (words: string | undefined): AskFilter => {
    const subject = words === undefined ? null : subjectIn(words);
    return subject ? { ...filter, about: subject } : filter;
  };
  const subject = SUBJECT_OF.exec(rest)?.[1] ?? LOOSE_SUBJECT_OF.exec(rest)?.[1];

  if (isWaiting(rest)) return look([{ tool: 'waiting' }]);

  const fate = fateOf(rest);
  if (fate !== null) return look([{ tool: 'fate', filter: about(fate) }]);
  if (filter.theme && /\b(?:what|who|status|trace|fixed|shipped|filed|done|became|happened)\b/i.test(rest))
    return look([{ tool: 'fate', filter }]);

  if (/\bnew(?:ly|est)?\b/i.test(rest) && NEWS.test(rest)) {
    return look([{ tool: 'newest', filter: { days: NEWS_DAYS, ...filter } }]);
  }

  const sides = sidesOf(rest);
  if (sides) {
    const [left, right] = sides.map((side) => about(SUBJECT_OF.exec(side)?.[1] ?? side));
    if (left?.about && right?.about && left.about.toLowerCase() !== right.about.toLowerCase()) {
      const calls: AskCall[] = [
        { tool: 'count', filter: left },
        { tool: 'count', filter: right },
      ];
      return look(calls, { compares: true });
    }
  }
  if (timed.against || /\bcompare\b/i.test(rest)) return look([{ tool: 'count', filter: about(subject) }]);

  const by = dimensionOf(rest);
  if (by) return look([{ tool: 'breakdown', filter: about(SUBJECT_OF.exec(rest)?.[1]), by }]);

  if (TREND.test(rest)) {
    const of = about(subject ?? rest.replace(TREND, ' '));
    const narrowed = of.about ?? of.area ?? of.customer ?? of.theme ?? of.kinds ?? of.source;
    return /\b(?:what|which)\b/i.test(rest) && !narrowed
      ? look([{ tool: 'themes', filter: of, order: 'growth' }])
      : look([{ tool: 'trend', filter: of }]);
  }
  if (/\bhow (?:many|often|much|frequently)\b|\bnumber of\b|\bcount\b/i.test(rest)) {
    return look([{ tool: 'count', filter: about(subject ?? rest) }]);
  }
  if (THEMES.test(rest)) {
    const of = about(SUBJECT_OF.exec(rest)?.[1]);
    return look([{ tool: 'themes', filter: of, order: 'customers' }]);
  }
  // A few words and no question: probably the name of something.
  const bare = subjectIn(rest);
  if (bare && bare.split(' ').length <= 5 && asked.split(' ').length <= 8)
    return look([{ tool: 'fate', filter: { ...filter, about: bare } }], { guessed: true });
  if (!bare && Object.keys(named.filter).length > 0) return look([{ tool: 'themes', filter, order: 'customers' }]);
  return { kind: 'unknown' };
}

const NEWS =
  /\b(?:what|anything|something)(?:'s| is| are)? (?:really )?new\b|\bnew(?:est)? (?:\w+ )?(?:themes?|topics?|issues?|problems?|complaints?|requests?|reports?|things?)\b|\bnewly\b|\bnew (?:this|in|since)\b|\bis new\b|^new\b/i;
const TREND =
  /\btrend(?:s|ing)?\b|\bover time\b|\bgoing (?:up|down)\b|\b(?:ris|increas|grow|fall|decreas|declin|dropp?|spik)(?:e|es|ed|ing|s)?\b|\bmore or (?:less|fewer)\b|\bgetting (?:worse|better|more|less)\b/i;
const THEMES =
  /\b(?:complain\w*|problems?|issues?|pains?|themes?|topics?|top|biggest|most|main|frustrat\w*|say|saying|talk\w*|report\w*|request\w*|ask(?:ing)?|wants?|wish\w*|need|feedback|hear\w*|unhappy|struggl\w*|bugs?|incidents?|like|love|praise|questions?)\b/i;

function isWaiting(text: string): boolean {
  return (
    /\b(?:wait(?:s|ing)?|pending|undecided|open)\b.*\b(?:decisions?|decide|decided|approv\w*|review|me|us)\b/i.test(
      text,
    ) ||
    /\bneeds? (?:a |my |our |to be )?(?:decisions?|decided|approval|review)\b|\b(?:decisions?|approvals?) (?:are |is )?(?:waiting|pending|open|due)\b/i.test(
      text,
    ) ||
    /\bwhat(?:'s| is)? (?:still )?(?:pending|undecided)\b|\bwhat (?:should|must|can|do) (?:i|we) (?:have to )?decide\b|\bto decide\b/i.test(
      text,
    )
  );
}

/** The subject of a question about what became of it, or who asked; null when it is none. */
function fateOf(text: string): string | null {
  const patterns = [
    /\bwhat (?:ever )?(?:became|has become|become|happened|happens|came|is happening|was done|did we do|have we done|are we doing|is being done)(?: of| to| with| out of| about| for)? (.+)$/i,
    /\b(?:status|state|fate|lineage|history|progress) (?:of|on|with|for) (.+)$/i,
    /\bwhere (?:are we|do we stand|does it stand|do things stand) (?:with|on) (.+)$/i,
    /\bwho (?:all |else )?(?:has |have |had )?(?:asked|asks|is asking|wants?|wanted|reported|reports|is reporting|complain\w*|needs?|requested|requests|mention\w*|suffers?|is affected|was affected|raised)(?: for| about| by| from)? (.+)$/i,
    /\bwhich customers (?:have |has )?(?:asked|ask|want|wanted|reported|report|complain\w*|need|requested|mention\w*|are affected)(?: for| about| by)? (.+)$/i,
    /\b(?:did|have|has|are|will|when will|when did) (?:we|you|they|somebody|anybody|anyone|the team|engineering) (?:already |ever )?(?:fix|fixed|fixing|ship|shipped|file|filed|solve|solved|resolve|resolved|build|built|release|released|address|addressed|close|closed|do anything about|done anything about)(?: for)? (.+)$/i,
    /\b(?:is|was|are|were|has|have|got|did) (.+?) (?:been |get |gets |getting )?(?:already |ever |now )?(?:fixed|shipped|filed|solved|resolved|built|released|addressed|closed|done|decided|dismissed|approved)\b/i,
    /^trace (.+)$/i,
  ];
  for (const pattern of patterns) {
    const found = pattern.exec(text)?.[1];
    // "Is X fixed, and who asked for it?": the one that names something counts.
    if (found !== undefined && subjectIn(found)) return found;
  }
  return null;
}

/** The two things that are held against each other. */
function sidesOf(text: string): [string, string] | null {
  const [, a, b] =
    /\bcompare (.+?) (?:with|to|and|against|vs|versus) (.+)$/i.exec(text) ??
    /^(.+?) (?:vs|versus|compared (?:to|with)) (.+)$/i.exec(text) ??
    /\b(?:more|fewer|less) (?:\w+ )?about (.+?) (?:or|than) (?:about )?(.+)$/i.exec(text) ??
    [];
  return a && b ? [a, b] : null;
}

function dimensionOf(text: string): AskDimension | null {
  const word =
    /\b(?:by|per|for each|across|split by|grouped by) (?:product )?(area|source|kind|type|customer|channel)s?\b/i.exec(
      text,
    )?.[1] ??
    /\b(?:which|what) (?:product )?(area|source|kind|type|customer|channel)s?\b(?! (?:do|did|should))/i.exec(
      text,
    )?.[1] ??
    /\b(?:noisiest|loudest|busiest|top) (?:product )?(area|source|kind|type|customer|channel)s?\b/i.exec(text)?.[1];
  switch (word?.toLowerCase()) {
    case 'area':
      return 'area';
    case 'source':
    case 'channel':
      return 'source';
    case 'kind':
    case 'type':
      return 'kind';
    case 'customer':
      return 'customer';
    default:
      return null;
  }
}

const KINDS: readonly [RegExp, NonNullable<AskFilter['kinds']>][] = [
  [/\b(?:feature[- ]requests?|feature wishes|wishes|(?:ask(?:ing|ed)?|wish(?:ing)?) for)\b/i, ['feature_request']],
  [/\bbugs?\b|\bdefects?\b/i, ['bug']],
  [/\bincidents?\b|\boutages?\b/i, ['incident']],
  [/\bquestions\b/i, ['question']],
  [
    /\bpraises?\b|\bpraising\b|\b(?:do|does) (?:our |the )?(?:customers?|users?|people|clients?) (?:like|love)\b/i,
    ['praise'],
  ],
  [/\bcomplain(?:ts?|s|ed|ing)?\b|\bunhappy\b|\bfrustrat\w*\b/i, ['bug', 'incident', 'complaint']],
];
const TIERS =
  /\b(enterprise|premium|business|pro|free|trial|paying|paid|smb|startup|vip|gold|silver|strategic|tier[- ]?\d)[- ](?=customers?\b|accounts?\b|users?\b|clients?\b|tiers?\b|plans?\b|companies\b)/i;

/** Takes out what narrows the question down by name: `area:billing`, "from Acme", "in Zendesk", bugs, enterprise customers. */
function takeNamed(text: string): { rest: string; filter: AskFilter; tiers: string | null } {
  let rest = text;
  const filter: AskFilter = {};
  rest = rest.replace(
    /\b(area|source|kind|customer|theme|about):(?:"([^"]{1,80})"|(\S{1,80}))/gi,
    (whole, key: string, quoted: string | undefined, bare: string | undefined) => {
      const value = (quoted ?? bare ?? '').trim();
      switch (key.toLowerCase()) {
        case 'area':
          filter.area = value;
          break;
        case 'customer':
          filter.customer = value;
          break;
        case 'about':
          filter.about = value;
          break;
        case 'theme':
          if (/^thm_[0-9a-f]{24}$/.test(value)) filter.theme = value;
          else filter.about = value;
          break;
        case 'source': {
          const source = sourceOf(value);
          if (!source) return whole;
          filter.source = source;
          break;
        }
        default: {
          const kinds = AskCall.options[0].shape.filter.shape.kinds.safeParse([value.toLowerCase().replace(/s$/, '')]);
          if (!kinds.success || !kinds.data) return whole;
          filter.kinds = kinds.data;
        }
      }
      return ' ';
    },
  );
  rest = rest.replace(/\bthm_[0-9a-f]{24}\b/, (id) => {
    filter.theme = id;
    return ' ';
  });
  const tiers = TIERS.exec(rest)?.[1]?.toLowerCase() ?? null;
  rest = rest.replace(TIERS, ' ');
  rest = rest.replace(
    /\b(?:(?:in|from|on|via|through|of|over) (zendesk|slack|the api|api|imports?)|(zendesk|slack|imported) (?=tickets?|messages?|reports?|complaints?|customers?))\b/i,
    (whole, after: string | undefined, before: string | undefined) => {
      const source = sourceOf(after ?? before ?? '');
      if (!source) return whole;
      filter.source = source;
      return ' ';
    },
  );
  rest = rest.replace(
    /\bcustomer "([^"]{1,80})"|\bcustomer ([A-Z][\w&-]*)/,
    (_whole, quoted?: string, bare?: string) => {
      filter.customer = quoted ?? bare!;
      return ' customer ';
    },
  );
  rest = rest.replace(
    /\b(does|did|has|from|by|at) ([A-Z][\w&-]*(?: [A-Z][\w&-]*){0,3})(?='s|\b)/,
    (whole, word: string, name: string) => {
      const first = name.split(' ')[0]!;
      if (filter.customer || NAMES_OF_NOBODY.test(first)) return whole;
      filter.customer = name;
      return /^(?:from|by|at)$/i.test(word) ? ' ' : `${word} customer`;
    },
  );
  // "Who complained about …" asks for people, whatever the kind.
  if (!/\bwho\b/i.test(rest) && !filter.kinds) {
    const found = KINDS.find(([pattern]) => pattern.test(rest));
    if (found) filter.kinds = found[1];
  }
  return { rest, filter, tiers };
}

function sourceOf(word: string): AskFilter['source'] | null {
  const bare = word.toLowerCase().replace(/^the /, '');
  if (bare === 'slack' || bare === 'zendesk' || bare === 'api') return bare;
  return /^import/.test(bare) ? 'import' : null;
}

/** The words that name a subject; null when only hollow ones are left. */
export function subjectIn(words: string): string | null {
  const all = words
    .replace(/[?!.,;:"“”()[\]<>{}]+/g, ' ')
    .split(/\s+/)
    .filter((word) => word !== '');
  const isHollow = (word: string | undefined) =>
    word !== undefined && HOLLOW.has(word.toLowerCase().replace(/'s$/, ''));
  let start = 0;
  let end = all.length;
  while (start < end && isHollow(all[start])) start++;
  while (end > start && isHollow(all[end - 1])) end--;
  const kept = all.slice(start, end).slice(0, SUBJECT_WORDS_MAX).join(' ').slice(0, 80).trim();
  return kept === '' ? null : kept;
}
