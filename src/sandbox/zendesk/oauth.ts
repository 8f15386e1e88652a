// Tokens of the simulated account: client credentials only, with scopes and an end.
import { randomBytes } from 'node:crypto';
import { z } from 'zod';
import type { Clock } from '#src/domain/ports.ts';
import { type Answer, error, type Handling } from './answer.ts';

const EXPIRES_SEC_MIN = 300;
const EXPIRES_SEC_MAX = 172_800;

const TokenIn = z.strictObject({
  grant_type: z.string(),
  client_id: z.string(),
  client_secret: z.string(),
  scope: z.string(),
  expires_in: z.number().int().optional(),
});

/** The one OAuth client of the account. */
export interface OAuthClient {
  clientId: string;
  clientSecret: string;
  /** The most that a token of this client may be given. */
  scopes: string[];
}

export interface Tokens {
  issue(request: Handling): Answer;
  /** The scopes of the living token in an Authorization header; null without one. */
  scopesOf(header: string | undefined): string[] | null;
  /** Makes every token that was handed out invalid. */
  revoke(): void;
}

/** Makes the token endpoint and its memory. */
export function createTokens(client: OAuthClient, clock: Clock): Tokens {
  const tokens = new Map<string, { scopes: string[]; endsAtMs: number }>();
  return {
    issue({ body }) {
      const parsed = TokenIn.safeParse(body);
      if (!parsed.success) return refuse(400, 'invalid_request', z.prettifyError(parsed.error));
      const { grant_type, client_id, client_secret, scope, expires_in = EXPIRES_SEC_MAX } = parsed.data;
      if (grant_type !== 'client_credentials') {
        return refuse(400, 'unsupported_grant_type', 'Only client_credentials is simulated.');
      }
      if (client_id !== client.clientId || client_secret !== client.clientSecret) {
        return refuse(401, 'invalid_client', 'Client authentication failed due to unknown client.');
      }
      const scopes = scope.split(' ').filter((one) => one !== '');
      if (scopes.length === 0 || scopes.some((one) => !client.scopes.includes(one))) {
        return refuse(400, 'invalid_scope', 'The requested scope is invalid, unknown, or malformed.');
      }
      if (expires_in < EXPIRES_SEC_MIN || expires_in > EXPIRES_SEC_MAX) {
        const range = `expires_in must be between ${EXPIRES_SEC_MIN} and ${EXPIRES_SEC_MAX} seconds`;
        return { status: 422, body: error('InvalidValue', range) };
      }
      const value = randomBytes(32).toString('hex');
      tokens.set(value, { scopes, endsAtMs: clock.now().getTime() + expires_in * 1000 });
      return { status: 200, body: { access_token: value, token_type: 'bearer', scope: scopes.join(' '), expires_in } };
    },
    scopesOf(header) {
      const token = tokens.get(/^Bearer (.+)$/.exec(header ?? '')?.[1] ?? '');
      return token && token.endsAtMs > clock.now().getTime() ? token.scopes : null;
    },
    revoke: () => tokens.clear(),
  };
}

function refuse(status: number, name: string, description: string): Answer {
  return { status, body: { error: name, error_description: description } };
}
