// What the developers of the workspace do in Linear while nobody of us is looking.
import type { CommentRecord, IssueRecord, LinearState } from './state.ts';

/** Hands for tests and for the page. Issues by id or identifier, people and states by id or name; `by` defaults to the first person of the team. */
export function createHuman(state: () => LinearState) {
  const actor = (by: string | undefined): string => {
    const { users, viewer, userOf } = state();
    if (by !== undefined) return userOf(by).id;
    return [...users.values()].find((one) => !one.app && one.id !== viewer.id)?.id ?? viewer.id;
  };
  return {
    /** Drags the issue into another column, for example 'Done'. */
    setState(issue: string, name: string, by?: string): IssueRecord {
      const { issueOf, stateOf, updateIssue } = state();
      return updateIssue(issue, { stateId: stateOf(issueOf(issue).teamId, name).id }, actor(by));
    },
    assign(issue: string, person: string | null, by?: string): IssueRecord {
      const { updateIssue, userOf } = state();
      return updateIssue(issue, { assigneeId: person === null ? null : userOf(person).id }, actor(by));
    },
    edit(issue: string, edit: { title?: string; description?: string; priority?: number }, by?: string): IssueRecord {
      return state().updateIssue(issue, edit, actor(by));
    },
    comment(issue: string, body: string, by?: string): CommentRecord {
      return state().createComment({ issueId: issue, body }, actor(by));
    },
    /** Writes an issue of their own, which is none of ours. */
    create(title: string, options: { team?: string; description?: string } = {}, by?: string): IssueRecord {
      const { teams, createIssue } = state();
      const teamId = options.team ?? [...teams.keys()][0]!;
      return createIssue({ teamId, title, description: options.description ?? null }, actor(by));
    },
    /** Deletes it the way people do: into the trash, from where it can come back for thirty days. */
    trash(issue: string, by?: string): IssueRecord {
      return state().shelveIssue(issue, 'trash', actor(by));
    },
    /** What Linear does by itself with issues that were closed long ago. */
    archive(issue: string, by?: string): IssueRecord {
      return state().shelveIssue(issue, 'archive', actor(by));
    },
    restore(issue: string, by?: string): IssueRecord {
      return state().shelveIssue(issue, 'back', actor(by));
    },
    /** What the thirtieth day does to an issue in the trash. */
    erase(issue: string, by?: string): void {
      state().eraseIssue(issue, actor(by));
    },
  };
}
