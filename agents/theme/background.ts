// What every customer says, whatever the matter: how common its words are before a workspace has seen enough to know by itself.
import { redactText } from '#src/domain/redaction.ts';
import type { DocumentFrequencies } from '#src/domain/vector.ts';
import { embedText } from '#src/domain/vector.ts';

/** Document frequencies of a made-up past, and whether a feature is part of how people talk about any matter at all. */
export interface Background extends DocumentFrequencies {
  isGeneric(feature: number): boolean;
}

/**
 * How many texts of a workspace the phrases stand for. Enough to outweigh chance while a workspace holds a few dozen reports, little
 * beside the hundreds that it holds later.
 */
const WEIGHT = 400;
/** A report holds several such phrases, so that each is met more often in reports than in the list. */
const PHRASES_PER_TEXT = 8;

/**
 * Document frequencies of small talk, in the languages that the rules know. Without them "I can't", "please add" and "is broken since
 * this morning" would tie the first reports of a new workspace together, because nothing there has been seen often yet.
 */
export function backgroundFrequencies(): Background {
  const phrases = PHRASES.split('\n').filter((line) => line !== '');
  const counts = new Map<number, number>();
  for (const phrase of phrases) {
    for (const feature of embedText(redactText(phrase)).features) counts.set(feature, (counts.get(feature) ?? 0) + 1);
  }
  const commonness = new Map<number, number>();
  for (const [feature, count] of counts) {
    commonness.set(feature, WEIGHT * (1 - (1 - count / phrases.length) ** PHRASES_PER_TEXT));
  }
  return {
    total: WEIGHT,
    of: (feature) => commonness.get(feature) ?? 0,
    isGeneric: (feature) => commonness.has(feature),
  };
}

const PHRASES = `
hi, can you please help me with this?
hello, I need some help please
hey team, I have a problem with my account
hi there, I have a question about this
good morning, could you please take a look at this?
thanks for your help
thank you very much, that is great
I can't do this any more
I cannot get it to work
I am not able to do it
we are not able to use it at all
it does not work
it doesn't work for me any more
this is not working for us
it is not working since this morning
it is broken since yesterday
it has been broken since the last update
this stopped working today
it stopped working after the update
it no longer works since last week
it used to work before
it worked fine until yesterday
it keeps failing
it fails every time I try
it fails with an error
it just errors
I get an error when I try
I am getting an error message
there is an error
we see this error again and again
it says that something went wrong
it shows the wrong thing
this is wrong, can you fix it?
the data is not correct
something is wrong with my account
nothing happens when I click on it
when I click on the button nothing happens
I click it and it does nothing
the page does not open
it never loads
it is very slow today
it takes forever
it takes a long time
why is it so slow?
why does it do that?
why is this not possible?
why can I not do it?
how do I do this?
how can I do that?
how do I change it?
how does this work?
how long does it take?
where can I find it?
where do I find the settings?
where is it?
what is it?
what do I need to do?
what should I do now?
what happens if I do it?
when will it be available?
when will this be fixed?
is it possible to do this?
is there a way to do it?
is there any way that I can do that?
can I do it?
can you tell me how?
can you tell me what is going on?
could you tell me if it is possible?
do you know why?
do you support it?
does it support this?
do you have any plans for it?
any plans to add this?
is it on your roadmap?
any news on this?
any update on this issue?
please add this
please add an option for it
please add support for it
can you please add this to the app?
could you add a way to do it?
it would be great to have this
it would be nice if we could do that
it would be nice to have an option
I would like to have it
I would love to have it
I would like to do this
I would like to know if I can
we need this for our company
we need it for our team
we want to use it
I want to do this
I want to know
I need to do that
I need it now
I wish there was a way
we have the same problem
same problem here
same here, we see this too
this happens to all of us
it happens every time
it happens on all of our accounts
all of our users see it
our customers are complaining
our customers cannot use it
everybody in my team has this
nobody in our company can do it
this is urgent, please help
please help as soon as possible
please fix this
please fix it as soon as possible
please let me know
please check and let me know
I tried it again and it is the same
I tried it several times
I have tried everything
I already tried that
I tried it on another computer
I tried it in another browser
it is the same on my phone
it is only like this in the app
since the new version
since the last release
in the new version
in the latest version of the app
after the update
after I did that it went away
for a few days now
for an hour now
for the last two weeks
at the moment
every day
every single time
from time to time
today
yesterday
on Monday
this week
last month
all the time
as far as I can see
as you can see
I think there is something wrong
I think that it is a bug
I don't know what to do
I don't know how to do it
I don't understand it
I do not see it
I can't see it any more
I can't find it
I cannot open it
I can't use it
I could not do it
I have not received it
I did not get it
I still have not got it
we don't get it any more
we do not have it
there is no way to do this
there is nothing there
there are no results
it is missing
it is gone
it disappeared
it is empty
it comes back with nothing
it gives me the wrong result
it returns an error
it goes back to the page
it sends me back
it opens and closes again
it happens when I open it
it happens as soon as I start it
it never comes
it never arrives
it never finishes
it is stuck
it does not stop
it happens by itself
it is impossible to use
this is really annoying
this is very frustrating
I am very disappointed
I am happy with it
I love it
great product, but
the app is great, but this is a problem
we use it every day for our work
I use it on my phone
I am using it with my team
I have been a customer for years
we are a small company
as a customer I expect more
my account
my app
our users
our team
your app
your service
your product
your support
your team
hallo, ich brauche bitte Hilfe
guten Tag, ich habe ein Problem mit meinem Konto
könnt ihr mir bitte helfen?
es funktioniert nicht mehr
das funktioniert seit heute nicht
das geht seit gestern nicht mehr
das geht bei uns nicht
es kommt ein Fehler
beim Öffnen kommt eine Fehlermeldung
ich kann es nicht finden
ich kann mich nicht
wie kann ich das ändern?
wie geht das?
wo finde ich das?
wir brauchen das
es wäre schön, wenn das möglich wäre
bitte um Hilfe
bitte beheben
die ist falsch
das ist nicht richtig
auf unserer Seite steht das
vielen Dank
bonjour, j'ai un problème avec mon compte
pouvez-vous m'aider s'il vous plaît ?
ça ne marche pas
cela ne fonctionne plus depuis ce matin
ça ne fonctionne pas chez nous
j'ai une erreur
il y a une erreur sur la page
je ne peux pas le faire
je n'arrive pas à le faire
comment faire pour le changer ?
où est-ce que je trouve ça ?
est-ce qu'il est possible de le faire ?
nous avons besoin de cela
ce serait bien de pouvoir le faire
merci beaucoup
hola, tengo un problema con mi cuenta
me pueden ayudar por favor
no funciona
ya no funciona desde ayer
no me deja hacerlo
me da un error
no puedo hacerlo
cómo puedo cambiarlo?
dónde lo encuentro?
es posible hacerlo?
necesitamos esto
sería genial poder hacerlo
muchas gracias
olá, estou com um problema na minha conta
podem me ajudar por favor?
não funciona
não está funcionando desde ontem
dá um erro
não consigo fazer isso
como faço para mudar?
onde encontro?
é possível fazer isso?
precisamos disso
seria bom ter isso
muito obrigado
`;
