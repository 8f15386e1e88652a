// Courtesy: greetings, thanks and pleas for help. Kind, but they say nothing about the matter, and would make strangers look alike.
import type { RedactedText } from './redaction.ts';
import { joinRedacted, sliceRedacted } from './redaction.ts';

// A clause of nothing but these words is courtesy. Without accents; one list for all languages, since clauses are short and mixed.
const COURTESY_WORDS = new Set(
  (
    'hi hello hey hiya dear good morning afternoon evening day greetings there all everyone everybody team support guys folks sir madam ' +
    'customer service desk agent please pls plz help me us with this it that thanks thank thx ty you u very much so a lot for your the time quick reply response ' +
    'in advance best kind kindly warm regards cheers sincerely yours could can would take look check fix asap as soon possible let know ' +
    'any news update on i im we have had got problem issue question quickly an some hope are is well appreciated appreciate appreciated ' +
    'assistance urgent urgently need sorry to bother anyone someone again waiting answer and be do what my our of see attached happy nice ' +
    'weekend ok okay sure yes no welcome ' +
    'hallo guten tag morgen abend moin servus liebes liebe geehrte geehrter damen herren sehr kundenservice kundensupport zusammen bitte um hilfe helfen danke vielen dank dankeschon im voraus mit ' +
    'freundlichen grußen grussen gruße grusse beste viele lg mfg gruß konnt konnten kann jemand ihr sie mir uns dabei das ich habe ein problem ' +
    'eine frage wir haben schnell dringend und einen schonen ' +
    'bonjour bonsoir salut merci beaucoup d avance cordialement s il vous plait svp stp pouvez m aider quelqu un j ai probleme une nous ' +
    'avons l equipe bonne journee cher chere madame monsieur service client support votre aide pour bien ' +
    'hola buenos dias buenas tardes noches gracias muchas de antemano por favor pueden puede me equipo de soporte estimado estimada ayudar ayudarme ayuda tengo problema pregunta ' +
    'tenemos saludos un una equipo su con esto ' +
    'ola bom dia boa tarde noite obrigado obrigada muito podem pode ajudar ajuda tenho temos um uma pergunta atenciosamente estou com isso ' +
    'equipe pela desde ja prezado prezada prezados caro cara suporte de'
  ).split(' '),
);
const PLEA_LENGTH_MAX = 48;
const CLAUSE = /[^\n]*?(?:[.!?,;:…]+(?=\s|$)|\s[-–—]+(?=\s)|\n|$)\s*/gy;
const GREETING =
  /^\s*(?:hi|hello|hey|dear|good (?:morning|afternoon|evening)|hallo|guten (?:tag|morgen|abend)|moin|bonjour|bonsoir|salut|hola|buenos d[ií]as|buenas tardes|ol[aá]|bom dia|boa tarde)(?:\s+(?:there|all|everyone|team|support|guys|folks|zusammen|liebes))*\s+/i;
const PLEA =
  /[\s,]+(?:(?:can|could) you (?:please )?help(?: me| us)?|please help(?: me| us)?|please|thanks(?: a lot| so much| in advance)?|thank you(?: very much| so much)?|bitte um hilfe|bitte|danke|vielen dank|merci(?: beaucoup)?|s'il vous pla[iî]t|por favor|(?:muchas )?gracias|(?:muito )?obrigad[oa])[\s.!?]*$/i;

/** Whether a piece of text is courtesy and nothing else. An empty one is. */
export function isCourtesy(text: string): boolean {
  const words = plainWords(text);
  return words.every((word) => COURTESY_WORDS.has(word));
}

/** The clauses of a text that say something, without greeting in front and plea behind; all of the text when it is courtesy throughout. */
export function withoutCourtesy(text: RedactedText): RedactedText {
  const kept: RedactedText[] = [];
  CLAUSE.lastIndex = 0;
  for (let at = 0; at < text.length; ) {
    CLAUSE.lastIndex = at;
    const length = CLAUSE.exec(text)?.[0].length || text.length - at;
    const clause = sliceRedacted(text, at, at + length);
    at += length;
    if (isCourtesy(clause)) continue;
    const start = GREETING.exec(clause)?.[0].length ?? 0;
    const tail = Math.max(start, clause.length - PLEA_LENGTH_MAX);
    const end = tail + (PLEA.exec(clause.slice(tail))?.index ?? clause.length - tail);
    kept.push(start < end ? sliceRedacted(clause, start, end) : clause);
  }
  return kept.length > 0 ? joinRedacted(kept, ' ') : text;
}

function plainWords(text: string): string[] {
  return (
    text
      .toLowerCase()
      .normalize('NFKD')
      .replace(/\p{M}/gu, '')
      .match(/[\p{L}\p{N}_]+/gu) ?? []
  );
}
