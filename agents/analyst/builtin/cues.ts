// The words that give away what a report is. Data and one matcher: patterns run over the text in lower case, without accents and apostrophes.
import type { ObservationKind, Severity } from '#src/domain/observation.ts';

/** A pattern and how much it speaks for what it stands for. `bare` cues are undone by a negation in front ("no error", "kein Fehler"). */
export interface Cue<T extends string> {
  for: T;
  weight: number;
  bare: boolean;
  pattern: RegExp;
}

function cues<T extends string>(name: T, weight: number, bare: boolean, ...patterns: string[]): Cue<T>[] {
  return patterns.map((pattern) => ({
    for: name,
    weight,
    bare,
    pattern: new RegExp(`(?<![a-z0-9])(?:${pattern})(?![a-z0-9])`, 'g'),
  }));
}

type KindCue = Exclude<ObservationKind, 'noise'>;

export const KIND_CUES: Cue<KindCue>[] = [
  // What is broken.
  ...cues(
    'bug',
    2,
    true,
    'crash(?:es|ed|ing)?|exceptions?|stack ?trace|traceback|segfault|regression|broken|defekt|kaputt|absturz|sturzt ab|plante?|plantage|bogue|se cierra|se bloquea|travando|trava|quebrad[oa]',
  ),
  // Forms say "bug" and "error" in every heading, whatever was filled in.
  ...cues('bug', 1, true, 'bugs?'),
  ...cues(
    'bug',
    1.2,
    true,
    'errors?|fails?|failed|failing|failure|fehler(?:meldung)?|fehlgeschlagen|schlagt fehl|scheitert|erreurs?|echoue|echec|error(?:es)?|fall[ao]|fallando|erros?|falha(?:ndo)?',
  ),
  ...cues(
    'bug',
    2,
    false,
    '(?:does|do|did|is|are|was|were)(?: not|nt) (?:work|load|open|show|save|sync|update|respond|appear|arrive|start|connect|display|render|send|working|loading|opening|showing|saving|syncing|updating|arriving)(?:s|ed|ing)?',
    'not working|stopped working|no longer works?|wont (?:work|load|open|start|save|sync|connect)|keeps? (?:crashing|failing|looping|freezing|disconnecting|logging me out|asking)',
  ),
  ...cues(
    'bug',
    2,
    false,
    '(?:funktioniert|geht|ladt|offnet|startet|offnen|laden|gehen|funktionieren)[^.!?\\n]{0,30} nicht',
    'nicht (?:mehr )?(?:funktioniert|offnen|laden|moglich|aufrufbar|erreichbar)',
    'ne (?:marche|fonctionne|charge|souvre|repond)(?:nt)?[^.!?\\n]{0,12} (?:pas|plus)',
    '(?:ya )?no (?:funciona|carga|abre|responde|aparece|puedo|se (?:abre|carga|guarda|puede))n?',
    'nao (?:esta )?(?:funciona(?:ndo)?|abre|carrega|responde|aparece|consigo|e possivel)',
  ),
  ...cues(
    'bug',
    1.2,
    false,
    '(?:can ?not|cant|couldnt|could not|unable to|not able to|impossible to|kann(?: ich| man| mich)?[^.!?\\n]{0,20} nicht|je ne peux (?:pas|plus)|narrive pas a)',
  ),
  ...cues(
    'bug',
    1.2,
    true,
    'wrong|incorrect(?:ly)?|missing|disappear(?:s|ed)?|vanished|duplicated|twice|blank|freez(?:es|ing)|frozen|stuck|hangs?|loop(?:s|ing)?|timeouts?|times? out|unexpected(?:ly)?|corrupt(?:ed)?|glitch(?:es|y)?|slow|laggy?|falsche?[nrs]?|fehlt|fehlen|langsam|doppelt|hangt|leere?|verschwunden|incorrecte?s?|manquante?s?|lente?s?|double|vide|incorrect[oa]s?|lent[oa]s?|vaci[oa]|duplicad[oa]s?|errad[oa]s?|lentidao|sumiu|em branco',
  ),
  ...cues(
    'bug',
    2.5,
    false,
    'repro|reproducible|stack ?trace|traceback|actual (?:result|output)|schritte zum reproduzieren|sollte eigentlich',
  ),
  // What should exist.
  ...cues(
    'feature_request',
    3,
    false,
    'feature[ -]?request|enhancement|feature idea|funktionswunsch|nouvelle fonctionnalite|nueva funcion(?:alidad)?|nova funcionalidade|proposal|suggestion|feature:',
  ),
  ...cues(
    'feature_request',
    2.5,
    false,
    '(?:please|pls|could you|can you|can we|could we|kindly) (?:please )?(?:add|support|implement|introduce|allow|include|provide|make it possible|have)',
    '(?:it )?would (?:be|really be) (?:so |very |really )?(?:great|nice|good|awesome|helpful|useful|cool|amazing|lovely|handy|better)',
    'would (?:love|like) (?:to (?:have|see|be able)|an?|the)',
    '(?:i|we) wish|wish (?:there|it|you)|wishlist|nice to have|any plans|on (?:your|the) roadmap',
  ),
  ...cues(
    'feature_request',
    2,
    false,
    '(?:add|adding|need|want|missing) (?:an? |the )?(?:option|ability|support|way|possibility|feature|setting|button|filter|integration)',
    'ability to|option to|support for|allow (?:us|users|me|to)|should (?:support|allow|have|be able)|is your feature request|alternatives youve considered|describe the solution|use case|motivation|dark mode',
  ),
  ...cues(
    'feature_request',
    2.5,
    false,
    '(?:ware|wurde)[^.!?\\n]{0,20} (?:schon|toll|super|hilfreich|gut|praktisch|wunschen)',
    'wunsch(?:en|e)?(?: uns| mir)?|konntet ihr[^.!?\\n]{0,40}(?:einbauen|hinzufugen|anbieten|erganzen)|bitte[^.!?\\n]{0,40}(?:hinzufugen|einbauen|erganzen)',
    '(?:ce )?serait (?:bien|super|genial|utile|pratique)|pourriez-? ?vous ajouter|ajouter (?:une?|la|le)|merci dajouter',
    '(?:seria|estaria) (?:bueno|genial|util|ideal|bien|bom|otimo|legal|interessante)|podrian (?:agregar|anadir|incluir)|(?:agregar|anadir) (?:una?|la|el)|me gustaria (?:que|poder|tener)|poderiam (?:adicionar|incluir)|adicionar (?:uma?|o|a)|gostaria (?:que|de poder|de ter)',
  ),
  // What somebody wants to know.
  ...cues(
    'question',
    2,
    false,
    '(?:how|where|when|why|which|who) (?:do|does|can|could|should|would|is|are|to|did|will|much|many|long)',
    'what (?:is|are|does|do|happens|should|would|can)',
    '(?:is|are) (?:it|there|this|you) (?:possible|any way|a way|supported|planned|able)',
    'can (?:i|we|you tell|someone|anyone|somebody)|could (?:you tell|someone|anyone)|do(?:es)? (?:you|it|anyone|anybody|this) (?:know|support|have|work with)|question(?:s)?:?|wondering|any idea|how to|howto|confused|not sure (?:how|if|what|why|whether)|help (?:me )?understand|clarif(?:y|ication)|documentation|docs',
  ),
  ...cues(
    'question',
    2,
    false,
    '(?:wie|wo|wann|warum|wieso|welche[rs]?|was) (?:kann|konnen|muss|ist|sind|finde|geht|mache|andere|lautet|passiert|bedeutet|lange|viel)',
    'gibt es (?:eine?|die)|ist es moglich|kann (?:ich|man)[^.!?\\n]{2,60}\\?|frage',
    '(?:comment|ou|quand|pourquoi|combien|quel(?:le)?s?) (?:puis|peut|est|sont|faire|faut|changer|trouver|modifier|on)',
    'est-? ?ce (?:que|quil)|est-? ?il possible|y a-? ?t-? ?il',
    '(?:como|donde|cuando|cuanto|cual(?:es)?|por ?que) (?:puedo|se|es|esta|hago|cambio|encuentro|debo|cuesta|funciona)',
    'es posible|hay alguna|(?:como|onde|quando|quanto|qual) (?:posso|faco|e|fica|encontro|altero|mudo|custa|devo)|e possivel|tem como|ha alguma|duvida',
  ),
  // How it is felt.
  ...cues(
    'praise',
    2,
    true,
    'love (?:it|this|the|your|how)|loving|awesome|amazing|fantastic|excellent|brilliant|wonderful|perfect|superb|great (?:job|work|app|product|tool|support|service|update|feature)|well done|kudos|best (?:app|tool|product|service)|very happy|works? (?:great|perfectly|like a charm|fine)|impressed|grossartig|großartig|super (?:arbeit|app|tool)|hervorragend|klasse|begeistert|genial|parfait|magnifique|bravo|excelente|perfecto|increible|me encanta|estupendo|otimo|perfeito|adorei|maravilhos[oa]|parabens',
  ),
  ...cues(
    'praise',
    1,
    true,
    'great|good|nice|thank you for|thanks for|easy to use|helpful|useful|recommend|happy with|tolle?[rs]?|prima|sehr gut|tres bien|muy bien|muito bom',
  ),
  ...cues(
    'complaint',
    2,
    true,
    'disappoint(?:ed|ing|ment)|unacceptable|frustrat(?:ed|ing|ion)|terrible|horrible|awful|worst|ridiculous|useless|annoy(?:ed|ing)|fed up|sick of|angry|waste of|rip-? ?off|scam|poor (?:service|support|quality)|bad (?:service|support|experience)|never again|cancel(?:l?ing)? (?:my|our|the) (?:subscription|account|contract|plan)|switch(?:ing)? to (?:another|a competitor)|no(?:body| one) (?:answers|replies|responds)|still (?:waiting|no (?:answer|reply|response))|overpriced|too expensive|enttausch(?:t|end)|unverschamt|inakzeptabel|argerlich|schlecht(?:er|e|es)? (?:service|support)|frech(?:heit)?|kundig(?:en|ung)|decu(?:e|s)?|inadmissible|inacceptable|scandaleux|nul(?:le)?|decepcionad[oa]|inaceptable|pesim[oa]|horrible|verguenza|decepcionad[oa]|inaceitavel|pessim[oa]|absurdo',
  ),
  // What stopped for many.
  ...cues(
    'incident',
    3,
    true,
    'outage|downtime|(?:is|are|was|went|completely|site|service|server|system|api|app|everything|all) down|offline|unreachable|unavailable|not reachable|major incident|production (?:is )?(?:down|broken|stopped)|total(?:er)? ausfall|ausfall|ausgefallen|nicht erreichbar|panne|hors service|indisponible|caido|caida del (?:servicio|sistema)|fuera de servicio|interrupcion|fora do ar|indisponivel|queda (?:do|no) (?:servico|sistema)',
  ),
  ...cues(
    'incident',
    2,
    true,
    '(?:all|every|none) (?:of )?(?:our |the |my )?(?:users|customers|accounts|teams?|staff|employees|clients|sites|devices|servers)|every(?:one|body) (?:is|in|at|here|has|gets|sees)|no(?:body| one) (?:can|is able)|company-? ?wide|entire (?:company|team|network|system|office)|50[234](?: errors?)?|alle (?:nutzer|benutzer|kunden|mitarbeiter|systeme|gerate)|niemand kann|tous (?:les|nos) (?:utilisateurs|clients)|personne ne peut|todos (?:los|nuestros) (?:usuarios|clientes|equipos)|nadie puede|todos os (?:usuarios|clientes)|ninguem consegue',
  ),
];

export const SEVERITY_CUES: Cue<Severity>[] = [
  ...cues(
    'critical',
    3,
    true,
    'data loss|lost (?:all )?(?:my|our|the) (?:data|work|files|documents)|data (?:is|was|has been) (?:lost|deleted|gone|leaked|exposed|corrupted)|security (?:breach|incident|vulnerability)|breach|leak(?:ed|ing)?|hacked|ransomware|malware|unauthorized access|outage|production (?:is )?down|completely down|total(?:er)? ausfall|datenverlust|datenleck|sicherheitslucke|perte de donnees|fuite de donnees|faille de securite|perdida de datos|filtracion|brecha|perda de dados|vazamento|violacao de dados|critical(?:ly)?|kritisch(?:e[rsn]?)?|critique|critic[oa]',
  ),
  ...cues(
    'high',
    2,
    true,
    'urgent(?:ly)?|asap|as soon as possible|immediate(?:ly)?|emergency|blocker|blocked|blocking|cannot work|cant work|deadline|high priority|severe(?:ly)?|serious(?:ly)?|losing (?:money|customers|sales)|charged twice|double charge|cannot (?:log ?in|login|pay)|cant (?:log ?in|login|pay)|locked out|crash(?:es|ed|ing)?|everyone|all (?:of )?(?:our|the) (?:users|customers)|down|dringend(?:e[rsn]?)?|sofort(?:ige[nr]?)?|umgehend|schwerwiegend(?:e[rsn]?)?|notfall|blockiert|abst?urz|urgente?s?|immediat(?:e|ement)?|bloque(?:e|s)?|grave(?:s|ment|mente)?|inmediat[oa](?:mente)?|bloquead[oa]|imediat[oa](?:mente)?|prioridade alta|serio|erheblich(?:e[nrs]?)?|importante? (?:interruption|perturbation)|significativ[oa]',
  ),
  ...cues(
    'low',
    2,
    true,
    'minor|cosmetic|typo|small (?:issue|thing|suggestion)|nitpick|nice to have|no (?:rush|hurry)|whenever (?:you|possible)|low priority|workaround|just (?:wondering|curious|asking)|when you (?:have|get) (?:time|a chance)|keine eile|kleinigkeit|tippfehler|nicht (?:dringend|eilig)|pas (?:urgent|presse)|mineure?|faute de frappe|sin prisa|menor|no es urgente|sem pressa|nao e urgente|curios(?:ity|o|a)',
  ),
];

/** Parts that nearly every product has. A workspace's own words for its areas come with its settings. */
export const AREA_CUES: Cue<string>[] = [
  ...cues(
    'login',
    2,
    false,
    'log(?:ged|ging)?[ -]?(?:in|on|out)|sign(?:ed|ing)?[ -]?(?:in|on|up)|passwords?|sso|saml|2fa|mfa|two-? ?factor|authenticat\\w*|anmeld\\w*|einlogg\\w*|passwort\\w*|connexion|mot de passe|se connecter|contrasena|iniciar sesion|senha|fazer login|entrar na conta',
  ),
  ...cues(
    'billing',
    2,
    false,
    'bill(?:s|ed|ing)?|invoic\\w*|vat|tax(?:es)?|payments?|pay(?:ing)?|paid|charg(?:e|ed|es)|refunds?|subscriptions?|pric(?:e|es|ing)|credit cards?|rechnung\\w*|zahlung\\w*|abrechnung\\w*|erstattung\\w*|abo|preis\\w*|facture\\w*|factura\\w*|facturation|paiement\\w*|remboursement|abonnement|tarif\\w*|pagos?|reembolso\\w*|suscripcion\\w*|precios?|fatura\\w*|pagamentos?|assinatura\\w*|cobranca\\w*',
  ),
  ...cues(
    'export',
    2.2,
    false,
    'export\\w*|csv|download\\w*|herunterlad\\w*|telecharg\\w*|descarg\\w*|baixar|exporta\\w*',
  ),
  ...cues(
    'import',
    2,
    false,
    'import(?:s|ed|ing|er|ieren|er les|ar|acion)?|upload\\w*|hochlad\\w*|migrat\\w*|televers\\w*|subir (?:un )?archivos?|carregar arquivos?',
  ),
  ...cues(
    'notifications',
    2,
    false,
    'notif\\w*|alerts?|reminders?|benachrichtig\\w*|e-?mails? (?:not|never|nicht)|push|rappels?|avisos?|lembretes?',
  ),
  ...cues(
    'search',
    2,
    false,
    'search\\w*|filter\\w*|such(?:e|en|ergebnisse|funktion)|recherche\\w*|busca\\w*|busqueda\\w*|pesquisa\\w*',
  ),
  ...cues(
    'performance',
    1.5,
    false,
    'slow\\w*|performance|lag(?:s|gy|ging)?|latency|loading|load times?|langsam\\w*|ladezeit\\w*|lente\\w*|lenteur\\w*|lentitud|lent[oa]s?|lentidao|desempenho|rendimiento',
  ),
  ...cues(
    'mobile',
    1.8,
    false,
    'iphone|ipad|ios|android|mobile app|on (?:my )?(?:phone|mobile)|handy|smartphone|celular|movil',
  ),
  ...cues('api', 2, false, 'apis?|webhooks?|endpoints?|sdk|rate limit\\w*|oauth|graphql|rest api'),
  ...cues(
    'integrations',
    1.8,
    false,
    'integrat\\w*|zapier|slack|salesforce|hubspot|jira|outlook|calendar sync\\w*|sync(?:s|ed|ing|hroni\\w*)?|integration\\w*|integracion\\w*|integraca?o\\w*|schnittstelle\\w*',
  ),
  ...cues(
    'permissions',
    1.8,
    false,
    'permission\\w*|access (?:denied|rights)|roles?|invit\\w*|admin(?:s|istrators?)?|berechtigung\\w*|zugriff\\w*|rollen?|einlad\\w*|droits?|permis(?:o|os|sao|soes)|convite\\w*|invitacion\\w*',
  ),
  ...cues(
    'reports',
    1.6,
    false,
    'reports?|reporting|dashboards?|charts?|analytics|statistics|berichte?|diagramm\\w*|rapports?|tableaux? de bord|informes?|graficos?|relatorios?|painel',
  ),
  ...cues(
    'network',
    1.6,
    false,
    'vpn|wi-?fi|router\\w*|network\\w*|firewall|dns|netzwerk\\w*|reseau\\w*|red(?: de)? (?:wifi|empresa)|rede|roteador',
  ),
  ...cues(
    'settings',
    1.2,
    false,
    'settings?|preferences?|configur\\w*|einstellung\\w*|parametres?|reglages?|ajustes?|configurac\\w*|configurac?oes|language|time ?zones?|dark mode|theme',
  ),
  ...cues(
    'documents',
    1.2,
    false,
    'attachments?|pdfs?|files?|documents?|photos?|images?|anhang|anhange|dateien?|dokument\\w*|fichiers?|pieces? jointes?|archivos?|adjuntos?|arquivos?|anexos?',
  ),
];

const NEGATION =
  /(?:^|[^a-z])(?:no|not|never|without|nor|none|isnt|arent|wasnt|dont|doesnt|didnt|hardly|kein|keine|keinen|keinerlei|nicht|nie|ohne|pas|aucune?|sans|jamais|ni|sin|nunca|ningun|ninguna|nao|sem|nenhum|nenhuma|no longer|no more|fixed|solved|resolved|behoben|gelost|resolu)(?: [a-z]{1,12}){0,2} $/;

/** A text as cues read it. */
export function toCueText(text: string): string {
  return text
    .toLowerCase()
    .replace(/ß/g, 'ss')
    .normalize('NFKD')
    .replace(/[\p{M}'’`´]/gu, '')
    .replace(/[ \t]+/g, ' ');
}

/** Adds up what speaks for each name. The same cue counts twice at most, each time for less: repetition is emphasis, not evidence. */
export function weigh<T extends string>(cueText: string, list: readonly Cue<T>[]): Map<T, number> {
  const scores = new Map<T, number>();
  for (const cue of list) {
    let times = 0;
    for (const match of cueText.matchAll(cue.pattern)) {
      if (
        cue.bare &&
        NEGATION.test(cueText.slice(Math.max(0, match.index - 40), match.index).replace(/^.*[.!?,;:\n]/s, ' '))
      )
        continue;
      times++;
      if (times > 2) break;
      scores.set(cue.for, (scores.get(cue.for) ?? 0) + cue.weight / times);
    }
  }
  return scores;
}
