// How the simulator reads requests and puts answers, in Zendesk's own forms of error.
import type { HttpBindings } from '@hono/node-server';
import type { Context } from 'hono';
import { z } from 'zod';

export type Ctx = Context<{ Bindings: HttpBindings }>;

/** What an endpoint says; text bodies go out as HTML, everything else as JSON. */
export interface Answer {
  status: number;
  body: unknown;
  headers?: Record<string, string>;
}

/** A request that got as far as its endpoint. */
export interface Handling {
  c: Ctx;
  query: Record<string, string>;
  body: unknown;
}

export const error = (name: string, description: string) => ({ error: name, description });

export const notFound = (): Answer => ({ status: 404, body: error('RecordNotFound', 'Not found') });

/** 422: one field is wrong. */
export function invalid(field: string, description: string): Answer {
  return {
    status: 422,
    body: {
      error: 'RecordInvalid',
      description: 'Record validation errors',
      details: { [field]: [{ description, error: 'InvalidValue' }] },
    },
  };
}

/** 422: the body does not have the form that the endpoint takes. Stricter than Zendesk, which ignores what it does not know. */
export function malformed(problem: z.ZodError): Answer {
  return invalid(problem.issues[0]?.path.join('.') || 'base', z.prettifyError(problem));
}

export function tooMany(description: string, retryAfterSec: number | null): Answer {
  return {
    status: 429,
    body: error('APIRateLimitExceeded', description),
    headers: retryAfterSec === null ? {} : { 'retry-after': String(retryAfterSec) },
  };
}

/** 400: something that the real endpoint may well know, and this one does not. */
export const notSimulated = (what: string): Answer => ({ status: 400, body: error('NotSimulated', what) });

export const toBase64 = (text: string) => Buffer.from(text).toString('base64');
export const fromBase64 = (text: string) => Buffer.from(text, 'base64').toString();

export function toResponse({ status, body, headers }: Answer): Response {
  const text = typeof body === 'string';
  return new Response(text ? body : JSON.stringify(body), {
    status,
    headers: { 'content-type': text ? 'text/html' : 'application/json; charset=utf-8', ...headers },
  });
}

/** The parsed body, its large numbers with all their digits; the text itself when it is not JSON. */
export async function readBody(c: Ctx): Promise<unknown> {
  const text = await c.req.text();
  if (text === '') return null;
  try {
    return JSON.parse(text, (_key, value: unknown, context?: { source?: string }) =>
      typeof value === 'number' && !Number.isSafeInteger(value) ? context?.source : value,
    );
  } catch {
    return text;
  }
}
