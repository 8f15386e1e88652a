// Reading a Web API call: arguments from a form, JSON, multipart or the query, brought to the types that the method expects.

import type { Arguments, ArgumentType, Method } from './methods/method.ts';
import type { Fields } from './model.ts';
import { isTs } from './model.ts';

// These may stand in any call.
const ALWAYS = new Set(['token', 'team_id', '_x_reason', 'pretty']);

/** What a call says before it is known what the method wants. */
export interface RawCall {
  method: string;
  http: string;
  fields: Fields;
  bearer: string | null;
}

/** The arguments in their types, and what is wrong with them. */
export interface ParsedCall {
  args: Arguments;
  unknown: string[];
  missing: string[];
  invalid: string[];
}

/** Reads the fields of a request, wherever they stand. */
export async function readCall(request: Request, method: string): Promise<RawCall> {
  const fields: Fields = Object.fromEntries(new URL(request.url).searchParams);
  const type = request.headers.get('content-type') ?? '';
  if (request.method !== 'GET') {
    if (type.startsWith('application/json')) {
      const body: unknown = await request.json().catch(() => ({}));
      if (typeof body === 'object' && body !== null) Object.assign(fields, body);
    } else if (type.startsWith('multipart/form-data')) {
      for (const [key, value] of await request.formData()) fields[key] = value;
    } else {
      Object.assign(fields, Object.fromEntries(new URLSearchParams(await request.text())));
    }
  }
  const header = /^Bearer\s+(.+)$/i.exec(request.headers.get('authorization') ?? '')?.[1] ?? null;
  const bearer = header ?? (typeof fields.token === 'string' ? fields.token : null);
  return { method, http: request.method, fields, bearer };
}

/** Brings the fields to the types of the method. */
export function parseCall(raw: RawCall, method: Method): ParsedCall {
  const parsed: ParsedCall = { args: {}, unknown: [], missing: [], invalid: [] };
  for (const [key, value] of Object.entries(raw.fields)) {
    const type = method.args[key];
    if (!type) {
      if (!ALWAYS.has(key)) parsed.unknown.push(key);
      continue;
    }
    const converted = convert(value, type.replace('!', '') as ArgumentType);
    if (converted === INVALID) parsed.invalid.push(key);
    else parsed.args[key] = converted;
  }
  for (const [key, type] of Object.entries(method.args)) {
    const value = parsed.args[key];
    if (type.endsWith('!') && !parsed.invalid.includes(key) && (value === undefined || value === '')) {
      parsed.missing.push(key);
    }
  }
  return parsed;
}

const INVALID = Symbol('invalid');

function convert(value: unknown, type: ArgumentType): unknown {
  switch (type) {
    case 'string':
      return typeof value === 'string' ? value : typeof value === 'number' ? String(value) : INVALID;
    case 'ts':
      return typeof value === 'string' && (isTs(value) || value === '')
        ? value
        : typeof value === 'number'
          ? String(value)
          : INVALID;
    case 'integer': {
      const number = typeof value === 'string' && value !== '' ? Number(value) : value;
      return typeof number === 'number' && Number.isInteger(number) ? number : INVALID;
    }
    case 'boolean':
      if (typeof value === 'boolean') return value;
      if (value === 'true' || value === '1' || value === 1) return true;
      if (value === 'false' || value === '0' || value === '' || value === 0) return false;
      return INVALID;
    case 'json':
      if (typeof value !== 'string') return value;
      try {
        return JSON.parse(value) as unknown;
      } catch {
        return INVALID;
      }
  }
}
