// What a run has left behind in the simulated systems, to be compared.
import type { World } from './rig.ts';

/** Everything that the three systems hold, and how often they were asked to change something. */
export function effectsOf({ slack, linear, zendesk }: World) {
  const changing = /^(chat\.|reactions\.(add|remove)|views\.|conversations\.open)/;
  return structuredClone({
    slack: [...slack.state.channels.values()].map(({ id, messages }) => ({ id, messages })),
    ephemerals: slack.state.ephemerals,
    linear: {
      issues: [...linear.state.issues.values()],
      attachments: [...linear.state.attachments.values()],
      comments: [...linear.state.comments.values()],
      labels: [...linear.state.labels.values()],
    },
    zendesk: [...zendesk.state.tickets.values()],
    calls: {
      slack: slack.calls.filter(({ method }) => changing.test(method)).length,
      linear: linear.calls.filter(({ kind }) => kind === 'mutation').length,
      zendesk: zendesk.calls.filter(({ method }) => method !== 'GET').length,
    },
  });
}

/** The messages of the insights channel that stand by themselves: the cards. */
export function parentsIn({ slack, channel }: World) {
  return slack.state
    .timeline(channel('insights'))
    .filter(
      (message) =>
        message.user === slack.state.app.botUserId && (!message.thread_ts || message.thread_ts === message.ts),
    );
}
