// Who lives in the sandbox: one invented software company, its customers, and the rooms in which they meet. Every name is made up.

/** The company whose workspace this is, and what it sells. */
export const COMPANY = {
  name: 'Tallymoor',
  product: 'Tallymoor',
  about: 'Invoices, payments and reports for small companies.',
  domain: 'tallymoor.example',
} as const;

/** The parts of the product that people talk about; the words are the ones that the company's own staff would use. */
export const AREAS = {
  invoices: 'Invoices',
  payments: 'Payments & reminders',
  reports: 'Reports & exports',
  access: 'Sign-in & teams',
  api: 'API & integrations',
  billing: 'Our own billing',
} as const;
export type Area = keyof typeof AREAS;

export type Language = 'en' | 'de' | 'fr' | 'es' | 'pt';
export type Plan = 'Starter' | 'Team' | 'Business';

/** Somebody with a seat in the workspace, or somebody who only writes e-mails to support. */
export interface Person {
  /** Stable name within the world; simulators make their own ids. */
  key: string;
  name: string;
  role: 'customer' | 'support' | 'product' | 'developer';
  /** What the page shows under the name. */
  title: string;
  /** Null for staff. */
  company: string | null;
  language: Language;
  /** IANA name. */
  timeZone: string;
  email: string;
  /** Where this person writes: in the workspace as a guest, from their own workspace by Slack Connect, or by e-mail only. */
  through: 'guest' | 'connect' | 'email' | 'member';
}

/** A paying company. */
export interface Company {
  key: string;
  name: string;
  plan: Plan;
  seats: number;
  country: string;
  domain: string;
}

/** A room in the workspace. */
export interface Room {
  name: string;
  purpose: string;
  /** Customers and staff, a single customer by Slack Connect, or staff only. */
  audience: 'guests' | 'connect' | 'staff';
}

export const ROOMS: readonly Room[] = [
  { name: 'support', purpose: 'Questions and problems, answered by people on weekdays.', audience: 'guests' },
  { name: 'help-billing', purpose: 'Plans, cards and receipts.', audience: 'guests' },
  { name: 'connect-quarrington', purpose: 'Shared with Quarrington Freight (Slack Connect).', audience: 'connect' },
  { name: 'product-insights', purpose: 'What customers tell us, decided here.', audience: 'staff' },
  { name: 'general', purpose: 'Everything else.', audience: 'staff' },
];

/** Rooms that the bot listens to, and the one in which it speaks. */
export const SUPPORT_ROOMS = ['support', 'help-billing', 'connect-quarrington'] as const;
export const INSIGHTS_ROOM = 'product-insights';

const company = (
  key: string,
  name: string,
  plan: Plan,
  seats: number,
  country: string,
  domain = `${key}.example`,
): Company => ({ key, name, plan, seats, country, domain });

export const COMPANIES: readonly Company[] = [
  company('brambleworth', 'Brambleworth Coffee Roasters', 'Team', 14, 'United Kingdom'),
  company('hollowpine', 'Hollowpine Bikes', 'Starter', 3, 'United States'),
  company('pebblecroft', 'Pebblecroft Dental', 'Team', 22, 'Ireland'),
  company('quarrington', 'Quarrington Freight', 'Business', 140, 'United Kingdom'),
  company('kieselbach', 'Kieselbach & Tochter GmbH', 'Team', 18, 'Germany'),
  company('vertefeuille', 'Atelier Vertefeuille', 'Starter', 4, 'France'),
  company('solblanco', 'Panadería Solblanco', 'Team', 9, 'Spain'),
  company('marazul', 'Oficina Marazul', 'Team', 11, 'Brazil'),
  company('mossgate', 'Mossgate Architects', 'Business', 65, 'Canada'),
  company('saltwick', 'Saltwick Surf School', 'Starter', 2, 'Australia'),
  company('copperhatch', 'Copperhatch Brewing', 'Team', 16, 'United States'),
  company('thistledown', 'Thistledown Labs', 'Business', 88, 'Netherlands'),
  company('windlass', 'Windlass Marine Supply', 'Team', 27, 'New Zealand'),
  company('orrinvale', 'Orrin Vale Clinics', 'Business', 120, 'United States'),
];

const guest = (key: string, name: string, at: string, title: string, timeZone: string, language: Language = 'en') =>
  customer(key, name, at, title, timeZone, language, 'guest');

const writer = (key: string, name: string, at: string, title: string, timeZone: string, language: Language = 'en') =>
  customer(key, name, at, title, timeZone, language, 'email');

function customer(
  key: string,
  name: string,
  at: string,
  title: string,
  timeZone: string,
  language: Language,
  through: Person['through'],
): Person {
  return {
    key,
    name,
    role: 'customer',
    title,
    company: at,
    language,
    timeZone,
    email: `${key}@${at}.example`,
    through,
  };
}

const staff = (key: string, name: string, role: Person['role'], title: string, timeZone: string): Person => ({
  key,
  name,
  role,
  title,
  company: null,
  language: 'en',
  timeZone,
  email: `${key}@${COMPANY.domain}`,
  through: 'member',
});

export const PEOPLE: readonly Person[] = [
  guest('maya', 'Maya Lindqvist', 'brambleworth', 'Office manager', 'Europe/London'),
  guest('tom', 'Tom Abernethy', 'hollowpine', 'Owner', 'America/Denver'),
  guest('siobhan', 'Siobhan Keaveney', 'pebblecroft', 'Practice manager', 'Europe/Dublin'),
  guest('jonas', 'Jonas Kieselbach', 'kieselbach', 'Buchhaltung', 'Europe/Berlin', 'de'),
  guest('elodie', 'Élodie Marchetti', 'vertefeuille', 'Gérante', 'Europe/Paris', 'fr'),
  guest('rocio', 'Rocío Valdepeña', 'solblanco', 'Administración', 'Europe/Madrid', 'es'),
  guest('thiago', 'Thiago Bragança', 'marazul', 'Financeiro', 'America/Sao_Paulo', 'pt'),
  guest('harriet', 'Harriet Owusu', 'mossgate', 'Finance lead', 'America/Toronto'),
  guest('dev', 'Dev Ramachandran', 'thistledown', 'Operations engineer', 'Europe/Amsterdam'),
  guest('callum', 'Callum Frith', 'saltwick', 'Owner', 'Australia/Sydney'),
  {
    ...guest('priscilla', 'Priscilla Dunmore', 'quarrington', 'Accounts payable', 'Europe/London'),
    through: 'connect',
  },
  {
    ...guest('winston', 'Winston Achebe', 'quarrington', 'Head of finance systems', 'Europe/London'),
    through: 'connect',
  },
  writer('greta', 'Greta Olufsen', 'copperhatch', 'Bookkeeper', 'America/Chicago'),
  writer('annika', 'Annika Brodersen', 'kieselbach', 'Vertrieb', 'Europe/Berlin', 'de'),
  writer('moana', 'Moana Tipene', 'windlass', 'Accounts', 'Pacific/Auckland'),
  writer('desmond', 'Desmond Achterberg', 'orrinvale', 'Billing director', 'America/New_York'),
  writer('lucia', 'Lucía Ferrándiz', 'solblanco', 'Gerencia', 'Europe/Madrid', 'es'),
  writer('bea', 'Beatriz Camargo', 'marazul', 'Contas a receber', 'America/Sao_Paulo', 'pt'),
  staff('noor', 'Noor Haddad', 'support', 'Support engineer', 'Europe/London'),
  staff('felix', 'Felix Amundsen', 'support', 'Support engineer', 'America/Toronto'),
  staff('ines', 'Ines Okafor', 'product', 'Product manager, Reports', 'Europe/London'),
  staff('ravi', 'Ravi Castellane', 'product', 'Product manager, Payments', 'Europe/Berlin'),
  staff('joss', 'Joss Weatherby', 'developer', 'Developer, on call this week', 'Europe/London'),
];

/** Handle of the user group that all of our own people are in; the bot takes their words as context. */
export const STAFF_GROUP = 'tallymoor-team';

/** Finds a person of the cast; a wrong key is a bug of ours, not a missing row. */
export function person(key: string): Person {
  const found = PEOPLE.find((one) => one.key === key);
  if (!found) throw new Error(`Nobody in the cast is called ${key}.`);
  return found;
}

/** The company that a person works for; null for our own staff. */
export function companyOf(who: Person): Company | null {
  return COMPANIES.find((one) => one.key === who.company) ?? null;
}

/** The people whom a room admits: staff everywhere, guests in the open rooms, a partner's people in their own. */
export function membersOf(room: Room): readonly Person[] {
  return PEOPLE.filter((one) => {
    if (one.through === 'email') return false;
    if (one.through === 'member') return true;
    return room.audience === (one.through === 'connect' ? 'connect' : 'guests');
  });
}
