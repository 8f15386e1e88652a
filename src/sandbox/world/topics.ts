// What people in the sandbox talk about: problems, wishes, questions and praise, each in many wordings and in the languages of the cast.
import type { Area, Language } from './cast.ts';

/** What a message is, as its author means it: the truth that a classifier can be held against. */
export type Kind = 'problem' | 'wish' | 'question' | 'praise' | 'noise' | 'answer';

/** One thing that several people may bring up, each in their own words. */
export interface Topic {
  key: string;
  kind: Exclude<Kind, 'noise' | 'answer'>;
  area: Area;
  /** One line for people, and the subject of a ticket. */
  title: string;
  /** Wordings by language; English is always there. */
  say: Partial<Record<Language, readonly string[]>> & { en: readonly string[] };
  /** What staff answer. */
  answers: readonly string[];
}

/** The problem that two customers have reported when a newcomer arrives: the newcomer is the third. */
export const NEWCOMER_TOPIC = 'export-empty';

/** What the page offers to say for the newcomer, one person each: in Slack, from companies that have not complained yet. */
export const NEWCOMER_EXAMPLES: readonly { who: string; text: string }[] = [
  {
    who: 'maya',
    text: 'The CSV export of our monthly report is empty, there is only the header row. Our accountant needs it today. You can reach me at maya@brambleworth.example or +44 20 7946 0321.',
  },
  {
    who: 'tom',
    text: 'Exporting the monthly report to CSV gives me an empty file here as well, just the header row and no data.',
  },
  {
    who: 'harriet',
    text: 'Our monthly report exports as an empty CSV file since yesterday: a header row, no data. Please fix the export.',
  },
];

/** The problem that starts on a given day, after a release, and was not there before. */
export const REGRESSION_TOPIC = 'reminders-twice';

export const TOPICS: readonly Topic[] = [
  {
    key: 'export-empty',
    kind: 'problem',
    area: 'reports',
    title: 'The monthly report exports as an empty CSV file',
    say: {
      en: [
        'The CSV export of the monthly report is empty [again|for us]. [I get|There is only] a header row and no data. [Tried {browser} too.|]',
        'Exporting the monthly report to CSV gives me an empty file, just the header row. {month} has {rows} rows on screen.',
        'Hi, our {month} report looks right on screen but the CSV export comes out empty. Our accountant is waiting for it, can you call me on {phone}?',
        'CSV export of the monthly report is broken: the file has a header row and nothing else. Tried {browser} and another laptop.',
        'Is anybody else getting an empty CSV when they export the monthly report? Mine has no rows since yesterday.',
        'We export the monthly report as CSV every week and today the file is empty, only the header row. Please fix, I need it for {client}.',
      ],
      de: [
        'Der CSV-Export vom Monatsbericht ist leer, nur die Kopfzeile steht drin. Bitte Rückruf unter {phone}.',
        'Wenn ich den Monatsbericht als CSV exportiere, bekomme ich eine leere Datei ohne Zeilen.',
      ],
      fr: [
        "L'export CSV du rapport mensuel est vide, il n'y a que la ligne d'en-tête.",
        "Quand j'exporte le rapport mensuel en CSV le fichier est vide. Mon adresse : {email}",
      ],
      es: ['La exportación CSV del informe mensual sale vacía, solo aparece la cabecera.'],
      pt: ['O CSV do relatório mensal sai vazio, só vem o cabeçalho.'],
    },
    answers: [
      'Thanks {first}, I can see the same here: header row, no data. I have told the Reports team.',
      'Sorry about that. As a stopgap the PDF of the same report does have all the rows.',
    ],
  },
  {
    key: 'reminders-twice',
    kind: 'problem',
    area: 'payments',
    title: 'Payment reminders are sent twice to the same client',
    say: {
      en: [
        'Our clients get every payment reminder twice since [yesterday|this week]. {client} [complained|wrote to us] about it this morning.',
        'Payment reminders go out twice! Same reminder, same minute, to the same client. Invoice {invoice}.',
        'Why was the reminder for {invoice} sent two times? My client forwarded me both e-mails and is annoyed.',
        'Duplicate payment reminders again: {client} received two reminders for {invoice}. You can reach me at {email}.',
        'Since the update every overdue reminder is sent twice. This makes us look like amateurs.',
        'Reminder e-mails are being sent double. {n} clients have told me that they received the same payment reminder twice.',
      ],
      de: [
        'Unsere Kunden bekommen seit dem Update jede Zahlungserinnerung doppelt.',
        'Die Mahnung zu {invoice} ging zweimal raus. Das ist peinlich gegenüber {client}.',
      ],
      fr: ['Les rappels de paiement partent en double depuis la mise à jour, {client} a reçu deux fois le même.'],
      es: ['Los recordatorios de pago se envían dos veces al mismo cliente desde ayer.'],
      pt: [
        'Os lembretes de pagamento estão saindo duplicados desde a atualização, o cliente recebeu dois e-mails iguais.',
      ],
    },
    answers: [
      'We see duplicates on our side as well, {first}. The on-call developer is looking.',
      'You can pause reminders under Payments, Reminders, Pause until we have an answer.',
    ],
  },
  {
    key: 'sso-loop',
    kind: 'problem',
    area: 'access',
    title: 'Single sign-on ends in a loop back to the login page',
    say: {
      en: [
        'Single sign-on keeps sending me back to the login page. {n} colleagues have the same loop.',
        'SSO login loop: I sign in, it says welcome, then I am on the login page again. {browser}, cookies on.',
        'Nobody in our team can log in through single sign-on this morning, it loops back to the login page.',
        'Stuck in the SSO login loop again. Password login works for {email}, single sign-on does not.',
      ],
      de: ['Die Anmeldung per Single Sign-on landet immer wieder auf der Login-Seite.'],
      es: ['El inicio de sesión único me devuelve siempre a la página de acceso.'],
    },
    answers: ['Could you try in a private window, {first}? That tells us whether an old cookie is in the way.'],
  },
  {
    key: 'vat-rounding',
    kind: 'problem',
    area: 'invoices',
    title: 'VAT is off by a cent on invoices with many lines',
    say: {
      en: [
        'VAT on {invoice} is off by one cent. The lines add up to {amount}, the total says something else.',
        'Rounding of VAT is wrong on invoices with many lines, we are one cent off every time.',
        'Our bookkeeper rejected {invoice}: VAT total is a cent higher than the sum of the lines.',
      ],
      de: ['Bei Rechnungen mit vielen Positionen stimmt die Umsatzsteuer um einen Cent nicht, zuletzt bei {invoice}.'],
      fr: ["La TVA de la facture {invoice} est fausse d'un centime, l'arrondi se fait par ligne."],
      pt: ['O imposto da fatura {invoice} está com um centavo de diferença por causa do arredondamento.'],
    },
    answers: ['Good catch. We round per line, your bookkeeper per invoice. I will ask whether that can be a setting.'],
  },
  {
    key: 'bank-matching',
    kind: 'problem',
    area: 'payments',
    title: 'Bank transfers are not matched to their invoices',
    say: {
      en: [
        'Incoming bank transfers are not matched to invoices any more, I have to match {n} payments by hand.',
        'The bank transfer for {invoice} arrived on Monday ({iban}) but the invoice still says unpaid.',
        'Automatic matching of bank payments has stopped for us. Everything from {client} stays unmatched.',
      ],
      de: ['Die Banküberweisung von {client} (IBAN {iban}) wird der Rechnung {invoice} nicht zugeordnet.'],
      es: ['Las transferencias bancarias ya no se asignan solas a las facturas, la {invoice} sigue pendiente.'],
    },
    answers: ['Does the transfer carry the invoice number in its reference? Without it the match is a guess.'],
  },
  {
    key: 'dashboard-slow',
    kind: 'problem',
    area: 'reports',
    title: 'The dashboard takes very long to load in the morning',
    say: {
      en: [
        'The dashboard takes {minutes} seconds to load in the morning. By lunch it is fine.',
        'Loading the dashboard is painfully slow for us, the spinner turns for {minutes} seconds.',
        'Dashboard is crawling again today. Everything else is quick.',
      ],
      fr: ['Le tableau de bord met {minutes} secondes à charger le matin.'],
      pt: ['O painel demora {minutes} segundos para abrir de manhã.'],
    },
    answers: ['Thank you, {first}. How many open invoices do you have, roughly? The dashboard counts them all.'],
  },
  {
    key: 'webhook-late',
    kind: 'problem',
    area: 'api',
    title: 'invoice.paid webhooks arrive much too late',
    say: {
      en: [
        'Your invoice.paid webhook arrives {minutes} minutes late, our warehouse ships on it.',
        'Webhooks for paid invoices are delayed by {minutes} minutes since last night. Delivery log shows one try only.',
        'invoice.paid webhook came {minutes} minutes after the payment for order {order}. Is there a queue problem?',
      ],
      de: ['Der Webhook invoice.paid kommt {minutes} Minuten zu spät an.'],
    },
    answers: ['The delivery log should show the first attempt. Could you send me one delivery id?'],
  },
  {
    key: 'charged-twice',
    kind: 'problem',
    area: 'billing',
    title: 'Our card was charged twice for the plan',
    say: {
      en: [
        'You charged our card twice for the Team plan this month. Order {order}, please refund one.',
        'Our subscription was charged twice, {amount} each. Card {card}.',
        'Two charges for the same plan on my statement, order {order}. Please call {phone}.',
      ],
      es: ['Nos han cobrado dos veces el plan de este mes, pedido {order}.'],
      pt: ['Fomos cobrados duas vezes pelo plano deste mês, pedido {order}.'],
    },
    answers: ['Please never post card numbers here, {first}. I have found both charges and refunded one.'],
  },
  {
    key: 'pdf-logo',
    kind: 'problem',
    area: 'invoices',
    title: 'The logo is blurred on invoice PDFs',
    say: {
      en: [
        'The logo on our invoice PDFs is blurred since we uploaded the new one.',
        'Our logo looks blurred on every PDF invoice, it is sharp in the editor.',
      ],
      fr: ['Le logo est flou sur les factures PDF alors que le fichier est net.'],
    },
    answers: ['Could you upload it as SVG? Bitmaps are scaled down to 200 pixels at the moment.'],
  },
  {
    key: 'schedule-reports',
    kind: 'wish',
    area: 'reports',
    title: 'Send reports by e-mail on a schedule',
    say: {
      en: [
        'It would be great if reports could be e-mailed on a schedule. I send the same one every Monday by hand.',
        'Feature wish: schedule a report and send it to {email} every week.',
        'Can we please have scheduled reports? Our board wants the same numbers every month.',
      ],
      de: ['Es wäre toll, wenn man Berichte zeitgesteuert per E-Mail verschicken könnte.'],
    },
    answers: ['I like that. I have put your vote down.'],
  },
  {
    key: 'multi-currency',
    kind: 'wish',
    area: 'reports',
    title: 'One report over several currencies',
    say: {
      en: [
        'We bill in three currencies and would love one report that converts them all.',
        'Please add a multi-currency total to the revenue report, we add it up in a spreadsheet today.',
      ],
      fr: ["Serait-il possible d'avoir un rapport qui regroupe plusieurs devises ?"],
      pt: ['Seria ótimo ter um relatório único com várias moedas.'],
    },
    answers: ['Which exchange rate would you expect there: the day of the invoice or the day of the payment?'],
  },
  {
    key: 'read-only-role',
    kind: 'wish',
    area: 'access',
    title: 'A role that can look but not change',
    say: {
      en: [
        'We need a read-only role for our accountant. Right now she could delete invoices.',
        'Is a view-only role planned? Our auditor should see invoices but change nothing.',
        'Wish: a role that may read everything and edit nothing, for the tax office visit.',
      ],
      es: ['Necesitamos un rol de solo lectura para nuestra gestoría.'],
    },
    answers: ['Not yet, but you are not the first to ask. Noted.'],
  },
  {
    key: 'change-address',
    kind: 'question',
    area: 'billing',
    title: 'Where do I change our billing address?',
    say: {
      en: [
        'Where do I change the address on the receipts that you send us?',
        'We moved offices. How can I update our billing address?',
      ],
      fr: ["Où puis-je changer l'adresse de facturation ?"],
      es: ['¿Dónde cambio la dirección de facturación?'],
    },
    answers: ['Settings, Plan, Billing details. It holds from the next receipt on.'],
  },
  {
    key: 'credit-note',
    kind: 'question',
    area: 'invoices',
    title: 'How do I write a credit note?',
    say: {
      en: [
        'How do I write a credit note for {invoice}?',
        'Can I make a credit note for half of an invoice? {client} sent one thing back.',
      ],
      pt: ['Como faço uma nota de crédito para a fatura {invoice}?'],
    },
    answers: ['Open the invoice, then More, Credit note. Part amounts are fine.'],
  },
  {
    key: 'add-colleague',
    kind: 'question',
    area: 'access',
    title: 'How do I add a colleague?',
    say: {
      en: [
        'How do I add a colleague to our account? She is {email}.',
        'Is there a limit on how many people I can invite on the Team plan?',
      ],
      de: ['Wie lade ich eine neue Kollegin ein?'],
    },
    answers: ['Settings, People, Invite. Seats are counted at the end of the month.'],
  },
  {
    key: 'sandbox-keys',
    kind: 'question',
    area: 'api',
    title: 'Are there test keys for the API?',
    say: { en: ['Are there test keys for the API, so that we do not send real invoices while we develop?'] },
    answers: ['Yes: Settings, API, Test mode. Test keys start with test_.'],
  },
  {
    key: 'love-editor',
    kind: 'praise',
    area: 'invoices',
    title: 'The new editor is lovely',
    say: {
      en: [
        'Just wanted to say that the new invoice editor is lovely. Saves me ten minutes a day.',
        'The new editor is so much faster, thank you!',
      ],
      fr: ['Bravo pour le nouvel éditeur de factures, un vrai plaisir.'],
      es: ['El nuevo editor de facturas es una maravilla, gracias.'],
    },
    answers: ['That makes our day, {first}!'],
  },
  {
    key: 'love-support',
    kind: 'praise',
    area: 'billing',
    title: 'Thank you for the quick help',
    say: {
      en: [
        'Noor sorted out our refund within the hour. Best support I have had in years.',
        'Thanks for the refund, that was quick!',
      ],
      de: ['Danke für die schnelle Hilfe gestern!'],
    },
    answers: ['Thank you! I will pass it on.'],
  },
];

/** Talk that says nothing about the product: what a noise gate has to let pass by. */
export const CHATTER: Partial<Record<Language, readonly string[]>> & { en: readonly string[] } = {
  en: [
    'Good morning everybody',
    'Morning all!',
    'Thanks!',
    'Thank you, that worked.',
    'ok, got it',
    'Never mind, wrong channel, sorry.',
    'Happy Friday :tada:',
    'I am out until Monday, Harriet has the keys.',
    'lol',
    'Brilliant, cheers.',
    'One moment, I am on a train with no signal.',
    'Same here, thanks for asking.',
    'Perfect.',
  ],
  de: ['Guten Morgen zusammen', 'Danke, hat geklappt.', 'Schönes Wochenende!'],
  fr: ['Bonjour à tous', 'Merci, c’est parfait.'],
  es: ['Buenos días', 'Gracias, ya está.'],
  pt: ['Bom dia, pessoal', 'Obrigado, deu certo!'],
};

/** What staff say among themselves in their own rooms. */
export const STAFF_CHATTER: readonly string[] = [
  'Lunch at half past twelve? There is soup.',
  'Stand-up moves to ten today.',
  'Release 4.{n} is out. Notes are on the intranet.',
  'Who has the good headset?',
  'I am on call this week, ping me by phone if it burns.',
  'Welcome to Joss’s second week!',
  'The coffee machine on the second floor is mended.',
];

/** How the second and later reporters of a known problem chime in under the first report. */
export const ME_TOO: readonly string[] = [
  'Same here.',
  'We see that too, {invoice} for example.',
  '+1, exactly the same for us since this morning.',
];

/** A topic by its key; a wrong key is a bug of ours. */
export function topic(key: string): Topic {
  const found = TOPICS.find((one) => one.key === key);
  if (!found) throw new Error(`No topic is called ${key}.`);
  return found;
}
