// GitHub by its own SDK. The sole importer of @octokit; verbs in our words.
import { createAppAuth } from '@octokit/auth-app';
import { Octokit } from '@octokit/rest';
import { type CallerDeps, createCaller } from '#integrations/call.ts';
import { ExternalError } from '#src/domain/errors.ts';
import type { Fetch } from '#src/domain/ports.ts';

/** How we prove who we are: a token, or an installation of a GitHub App. */
export type GitHubAuth =
  | { kind: 'token'; token: string }
  | { kind: 'app'; appId: string; privateKey: string; installationId: string };

export interface GitHubConfig {
  apiUrl: string;
  /** owner/name. */
  repository: string;
  auth: GitHubAuth;
}

export interface GitHubDeps extends Omit<CallerDeps, 'toExternalError'> {
  fetch: Fetch;
}

/** What we know of the repository. */
export interface RepositoryFacts {
  name: string;
  defaultBranch: string;
  isPrivate: boolean;
  /** Whether we may push branches to it; null when GitHub does not say, as for an App. */
  mayPush: boolean | null;
}

export interface GitHubClient {
  repository(): Promise<RepositoryFacts>;
}

/** Makes the client of one repository. Throws ExternalError only. */
export function createGitHubClient(config: GitHubConfig, deps: GitHubDeps): GitHubClient {
  const call = createCaller('github', { ...deps, toExternalError });
  const { auth } = config;
  const octokit = new Octokit({
    baseUrl: config.apiUrl,
    request: { fetch: deps.fetch },
    // Octokit writes to the console by itself; the caller writes our one line.
    log: { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} },
    ...(auth.kind === 'token'
      ? { auth: auth.token }
      : {
          authStrategy: createAppAuth,
          // A key that came through an environment variable often has its line ends written out.
          auth: {
            appId: auth.appId,
            privateKey: auth.privateKey.replaceAll('\\n', '\n'),
            installationId: auth.installationId,
          },
        }),
  });
  const [owner = '', repo = ''] = config.repository.split('/');
  return {
    async repository() {
      const { data } = await call('repos.get', (signal) =>
        octokit.rest.repos.get({ owner, repo, request: { signal } }),
      );
      return {
        name: data.full_name,
        defaultBranch: data.default_branch,
        isPrivate: data.private,
        mayPush: data.permissions?.push ?? null,
      };
    },
  };
}

/** Turns what Octokit throws into our own, with what to do. */
export function toExternalError(error: unknown, operation: string): ExternalError {
  const status = error instanceof Error && 'status' in error && typeof error.status === 'number' ? error.status : null;
  const base = { system: 'github', operation, status, cause: error };
  if (status === 401) return new ExternalError('unauthorized', 'GitHub refused the credentials.', base);
  if (status === 404)
    return new ExternalError('not_found', 'GitHub has no such repository, or does not show it to us.', base);
  if (status === 429 || status === 403) {
    return new ExternalError(status === 429 ? 'rate_limited' : 'refused', 'GitHub refused the call.', {
      ...base,
      retryable: status === 429,
    });
  }
  return new ExternalError('unavailable', 'GitHub does not answer.', { ...base, retryable: true, effectUnknown: true });
}
