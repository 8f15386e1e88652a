// GitHub, as the rest of the house sees it. For now it is only looked at: the doctor tells whether the repository can be reached.
import type { Integration, Probe } from '#integrations/contract.ts';
import { errorLine } from '#src/domain/errors.ts';

export type { GitHubAuth } from './client.ts';

import { createGitHubClient, type GitHubConfig, type GitHubDeps } from './client.ts';

/** Connects one repository. Nothing is asked of it until something needs it. */
export function createGitHub(config: GitHubConfig, deps: GitHubDeps): Integration {
  const client = createGitHubClient(config, deps);
  return {
    id: 'github',
    async probe(): Promise<Probe> {
      const fix = 'Give the token, or the App, contents and pull requests "write" on GITHUB_REPOSITORY.';
      try {
        const { name, defaultBranch, mayPush } = await client.repository();
        const detail = `${name}, default branch ${defaultBranch}`;
        return mayPush === false ? { ok: false, detail: `${detail}, but we may not push`, fix } : { ok: true, detail };
      } catch (error) {
        return { ok: false, detail: `${config.repository}: ${errorLine(error)}`, fix };
      }
    },
  };
}
