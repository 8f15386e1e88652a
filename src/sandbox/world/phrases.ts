// How people in the sandbox write: templates with choices `[a|b]` and slots `{invoice}`, filled with invented personal data.
import type { Person } from './cast.ts';
import type { Random } from './random.ts';

const MONTHS = ['January', 'February', 'March', 'April', 'May', 'June', 'July', 'August', 'September', 'October'];
const CLIENTS = ['Fernhollow Ltd', 'Dapplewick & Sons', 'Gullhaven Hotel', 'Rookery Lane Studio', 'Minnowbrook Farm'];
const BROWSERS = ['Chrome', 'Firefox', 'Safari', 'Edge'];

// Numbers that regulators or card networks set aside for fiction and tests, so that no text here can reach a real person.
const PHONES: Record<string, (random: Random) => string> = {
  en: (random) => `+44 20 7946 0${random.int(100, 999)}`,
  us: (random) => `+1 303 555 01${random.int(10, 99)}`,
  de: (random) => `+49 30 23125 ${random.int(100, 999)}`,
  fr: (random) => `+33 1 99 00 ${random.int(10, 99)} ${random.int(10, 99)}`,
  es: (random) => `+34 910 55 ${random.int(10, 99)} ${random.int(10, 99)}`,
  pt: (random) => `+55 11 5555-0${random.int(100, 999)}`,
};
const TEST_CARD = '4111 1111 1111 1111';
const SAMPLE_IBAN = 'DE89 3704 0044 0532 0130 00';

/** Fills one template for one writer. An unknown slot is a typing mistake of ours and throws. */
export function say(template: string, who: Person, random: Random): string {
  const chosen = chooseAll(template, random);
  return chosen.replaceAll(/\{(\w+)\}/g, (_, slot: string) => fill(slot, who, random)).trim();
}

function fill(slot: string, who: Person, random: Random): string {
  switch (slot) {
    case 'invoice':
      return `INV-${random.int(2024, 2026)}-${String(random.int(1, 9999)).padStart(4, '0')}`;
    case 'order':
      return `#${random.int(100_000, 999_999)}`;
    case 'amount':
      return `${random.int(12, 4800)}.${String(random.int(0, 99)).padStart(2, '0')}`;
    case 'rows':
      return String(random.int(3, 60) * 100);
    case 'minutes':
      return String(random.int(5, 45));
    case 'n':
      return String(random.int(2, 9));
    case 'month':
      return random.pick(MONTHS);
    case 'client':
      return random.pick(CLIENTS);
    case 'browser':
      return random.pick(BROWSERS);
    case 'email':
      return who.email;
    case 'phone':
      return (PHONES[who.timeZone.startsWith('America/D') ? 'us' : who.language] ?? PHONES.en!)(random);
    case 'card':
      return TEST_CARD;
    case 'iban':
      return SAMPLE_IBAN;
    case 'first':
      return who.name.split(' ')[0]!;
    default:
      throw new Error(`The phrase book knows no slot {${slot}}.`);
  }
}

// Innermost brackets first, so that choices may nest.
function chooseAll(template: string, random: Random): string {
  const choice = /\[([^[\]]*)\]/;
  let text = template;
  for (let found = choice.exec(text); found; found = choice.exec(text)) {
    text = text.slice(0, found.index) + random.pick(found[1]!.split('|')) + text.slice(found.index + found[0].length);
  }
  return text;
}
