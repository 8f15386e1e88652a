// Trends under a person's eyes: the numbers at once, the picture when it is drawn; shared only when that person says so.
import { ExternalError } from '#src/domain/errors.ts';
import type { Clock } from '#src/domain/ports.ts';
import type { TrendsQuery, TrendsView } from '#src/domain/trends.ts';
import { readTrends } from '#src/domain/trends-text.ts';
import type { Verbs } from '#src/domain/verbs.ts';
import { oneReader } from '#src/domain/visibility.ts';
import type { Ask, SlackApp } from '../app.ts';
import type { Outbound } from '../outbound.ts';
import type { People } from '../people.ts';
import type { Picture, Pictures } from '../pictures.ts';
import { KEPT, NOWHERE_TO_SHARE, SHARED, SHARED_ALREADY } from '../views/answer.ts';
import { fromRef } from '../views/ref.ts';
import { OLD_MESSAGE, refusalText, say } from '../views/replies.ts';
import { NOT_IN_CHANNEL, TRENDS_ACTIONS, trendsMessage, trendsPicture, trendsProblem } from '../views/trends.ts';
import { altText, chartOf } from '../views/trends-chart.ts';

// A message that only one person sees lives as long as their session does.
const SESSION_MS = 12 * 3_600_000;

export interface TrendsDeps {
  verbs: Pick<Verbs, 'trends' | 'shareTrends'>;
  pictures: Pictures;
  outbound: Outbound;
  people: Pick<People, 'user' | 'readersOf'>;
  clock: Clock;
}

/** Answers what was typed after `trends`: words at once, then the picture below them. Slack replaces no answer to a slash command. */
export async function showTrends(deps: TrendsDeps, text: string, ask: Ask): Promise<void> {
  const { verbs, pictures, outbound, clock } = deps;
  const reading = readTrends(text, clock.now());
  if (reading.kind === 'problem') return ask.reply(say(trendsProblem(reading.problem, reading.retry)));
  const { query } = reading;
  const view = await verbs.trends(query, oneReader(await ask.person()));
  const draws = hasNumbers(view) && !ask.late && (await pictures.possible());
  const shareable = ask.where.channel !== null && !/^D/.test(ask.where.channel ?? 'D');
  await ask.reply(trendsMessage(view, { as: shareable ? 'mine' : 'kept', native: !draws }));
  if (!draws) return;
  const picture = await pictureOf(deps, view, ask.userId);
  if (picture) await pictures.whenReady(() => outbound.showMine(ask.where, trendsPicture(view, picture)));
}

/** Hangs up the buttons under an answer. */
export function listenToTrends(app: SlackApp, deps: TrendsDeps): void {
  const { outbound } = deps;
  // Two clicks at once take turns, so that the second one finds what the first one posted.
  const turns = new Map<string, Promise<unknown>>();

  app.onAction(TRENDS_ACTIONS.share, async (ask) => {
    const query = queryOf(ask);
    const { channel, threadTs = null } = ask.where;
    const seen = ask.interaction.container?.message_ts;
    if (!query || !seen) return ask.reply(OLD_MESSAGE);
    if (!channel || /^D/.test(channel)) return ask.reply(NOWHERE_TO_SHARE);
    const key = `trends:${channel}:${seen}`;
    const turn = (turns.get(key) ?? Promise.resolve()).then(() => share(ask, query, { channel, threadTs, key }));
    const settled = turn.catch(() => {});
    turns.set(key, settled);
    void settled.then(() => {
      if (turns.get(key) === settled) turns.delete(key);
    });
    await turn;
  });

  app.onAction(TRENDS_ACTIONS.keep, async (ask) => {
    const query = queryOf(ask);
    if (!query) return ask.reply(OLD_MESSAGE);
    if (!(await withoutButtons(ask, query))) await ask.reply(KEPT);
  });

  async function share(
    ask: Ask,
    query: TrendsQuery,
    { channel, threadTs, key }: { channel: string; threadTs: string | null; key: string },
  ): Promise<void> {
    const { verbs, pictures, clock } = deps;
    let ts: string | null = null;
    const reply = await verbs.shareTrends({
      query,
      channelId: channel,
      person: await ask.person(),
      async post(view, by) {
        const posted = await outbound.postOnce({
          channel,
          threadTs,
          key,
          message: trendsMessage(view, { as: { sharedBy: by }, native: true }),
          since: new Date(clock.now().getTime() - SESSION_MS),
          recover: true,
        });
        ts = posted.ts;
        return { already: posted.found };
      },
    });
    if (reply.kind === 'refused') return ask.reply(refusalText(reply.refusal));
    if (reply.kind === 'not_there') return ask.reply(NOT_IN_CHANNEL);
    await withoutButtons(ask, query);
    await ask.reply(reply.already ? SHARED_ALREADY : SHARED);
    if (reply.already || ts === null || !hasNumbers(reply.view)) return;
    // The words stand in the channel; the picture takes its place among them.
    const { view, by } = reply;
    const at = { channel, ts, key };
    const picture = await pictureOf(deps, view, null);
    if (picture) {
      const load = async () => trendsMessage(view, { as: { sharedBy: by }, native: false, picture });
      await pictures.whenReady(() => outbound.redraw({ ...at, load }));
    }
  }

  /** Draws what only this person sees again, so that it asks nothing any more. False when Slack takes no other message there. */
  async function withoutButtons(ask: Ask, query: TrendsQuery): Promise<boolean> {
    const { responseUrl } = ask.where;
    if (!responseUrl || ask.late) return false;
    const view = await deps.verbs.trends(query, oneReader(await ask.person()));
    try {
      await outbound.replaceMine(responseUrl, trendsMessage(view, { as: 'kept', native: false }));
      return true;
    } catch (error) {
      if (!(error instanceof ExternalError)) throw error;
      return false;
    }
  }
}

function queryOf(ask: Ask): TrendsQuery | null {
  const [words, at] = fromRef(ask.value, 2) ?? [];
  if (words === undefined || at === undefined || Number.isNaN(Date.parse(at))) return null;
  const reading = readTrends(words, new Date(at));
  return reading.kind === 'query' ? reading.query : null;
}

async function pictureOf(deps: TrendsDeps, view: TrendsView, userId: string | null): Promise<Picture | null> {
  const locale = userId === null ? null : ((await deps.people.user(userId))?.locale ?? null);
  return deps.pictures.make(chartOf(view, locale), altText(view, locale));
}

function hasNumbers({ reports }: TrendsView): boolean {
  return reports.now + (reports.before ?? 0) > 0;
}
