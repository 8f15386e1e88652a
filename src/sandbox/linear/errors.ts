// Linear's errors, in the form in which Linear sends them: the message for developers, the presentable one for people, a type, a code.
import { GraphQLError } from 'graphql';

interface Kind {
  type: string;
  code: string;
  statusCode: number;
}

// Seen in answers of the live API: a refused token is HTTP 401, an exhausted budget HTTP 400, anything wrong inside a valid request HTTP 200.
const INPUT: Kind = { type: 'invalid input', code: 'INPUT_ERROR', statusCode: 400 };
const AUTHENTICATION: Kind = { type: 'authentication error', code: 'AUTHENTICATION_ERROR', statusCode: 401 };
const FORBIDDEN: Kind = { type: 'forbidden', code: 'FORBIDDEN', statusCode: 403 };
const RATE_LIMITED: Kind = { type: 'ratelimited', code: 'RATELIMITED', statusCode: 429 };

/** Something in a valid request cannot be done. */
export function inputError(message: string, presentable: string): GraphQLError {
  return linearError(INPUT, message, presentable);
}

/** The thing that an id names does not exist, or this token cannot see it. */
export function notFound(entity: string): GraphQLError {
  return inputError(`Entity not found: ${entity}`, `Could not find referenced ${entity}.`);
}

/** A client's own id was used before. Linear does not replay: it refuses, and the client reads back. */
export function conflict(entity: string, id: string): GraphQLError {
  return inputError(`conflict on insert of ${entity}`, `Entity ${entity} with id ${id} already exists.`);
}

/** An argument that breaks a rule which the schema cannot say. */
export function invalidArgument(presentable: string): GraphQLError {
  return inputError('Argument Validation Error', presentable);
}

/** A token without the scope. */
export function missingScope(scope: string): GraphQLError {
  return linearError(FORBIDDEN, `Invalid scope: \`${scope}\` required`, `Invalid scope: \`${scope}\` required`);
}

/** No token, or one that Linear does not know. */
export function notAuthenticated(): GraphQLError {
  return linearError(
    AUTHENTICATION,
    'Authentication required, not authenticated',
    'You need to authenticate to access this operation.',
    { meta: {}, http: { status: 401 } },
  );
}

/** The hour's budget is used up. */
export function rateLimited(limit: number): GraphQLError {
  const text = `Rate limit exceeded. Only ${limit} requests are allowed per 1 hour. For more information see our developer docs at: https://linear.app/developers/rate-limiting`;
  return linearError(RATE_LIMITED, text, `${text}.`, {
    meta: { rateLimitResult: { allowed: false, requested: 1, remaining: 0, duration: 3_600_000, limit } },
    http: { headers: {}, status: 400 },
  });
}

/** A document that does not fit the schema, or variables that do not fit the document. */
export function graphqlError(error: GraphQLError, code: string): GraphQLError {
  return new GraphQLError(error.message, {
    nodes: error.nodes ?? null,
    source: error.source ?? null,
    positions: error.positions ?? null,
    extensions: { http: { status: 400, headers: {} }, code, type: 'graphql error', userError: true },
  });
}

function linearError(
  kind: Kind,
  message: string,
  presentable: string,
  more: Record<string, unknown> = {},
): GraphQLError {
  return new GraphQLError(message, {
    extensions: { ...kind, userError: true, userPresentableMessage: presentable, ...more },
  });
}
