// The few combinators that Block Kit's rules are written in: each check names the place of a problem the way Slack does, by JSON pointer.
import type { Fields } from './model.ts';

/** One thing that is wrong, and where. */
export interface Problem {
  pointer: string;
  message: string;
}

/** What checks share during one validation. */
export interface Scope {
  problems: Problem[];
  surface: 'message' | 'modal' | 'home';
  /** `action_id`s and `block_id`s seen so far. */
  actionIds: Set<string>;
  blockIds: Set<string>;
  /** How many focus_on_load elements, tables and so on there are, by name. */
  counts: Map<string, number>;
}

/** Looks at a value and reports what is wrong with it. */
export type Check = (value: unknown, pointer: string, scope: Scope) => void;

/** Reports one problem. */
export function report(scope: Scope, pointer: string, message: string): void {
  scope.problems.push({ pointer, message });
}

/** Whether a value is a plain JSON object. */
export function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Text between `min` and `max` characters, counted as Slack does, in code points. */
export function string(max: number, min = 1): Check {
  return (value, pointer, scope) => {
    if (typeof value !== 'string') return report(scope, pointer, 'must provide a string');
    // A string never has more code points than code units, so short ones need no counting.
    const length = value.length > max ? [...value].length : value.length;
    if (length < min) report(scope, pointer, `must be more than ${min - 1} characters`);
    if (length > max) report(scope, pointer, `must be less than ${max + 1} characters`);
  };
}

/** true or false. */
export const boolean: Check = (value, pointer, scope) => {
  if (typeof value !== 'boolean') report(scope, pointer, 'must provide a boolean');
};

/** A whole number within bounds. */
export function integer(min: number, max: number): Check {
  return (value, pointer, scope) => {
    if (typeof value !== 'number' || !Number.isInteger(value)) report(scope, pointer, 'must provide an integer');
    else if (value < min || value > max) report(scope, pointer, `must be between ${min} and ${max}`);
  };
}

/** One of a few words. */
export function oneOf(...words: string[]): Check {
  return (value, pointer, scope) => {
    if (typeof value !== 'string' || !words.includes(value)) {
      report(scope, pointer, `must be one of: ${words.join(', ')}`);
    }
  };
}

/** Text of one shape, for example a date. */
export function pattern(shape: RegExp, message: string): Check {
  return (value, pointer, scope) => {
    if (typeof value !== 'string' || !shape.test(value)) report(scope, pointer, message);
  };
}

/** Anything, for places whose content Slack does not document. */
export const anything: Check = () => {};

/** A list of `min` to `max` items. */
export function list(item: Check, max: number, min = 1): Check {
  return (value, pointer, scope) => {
    if (!Array.isArray(value)) return report(scope, pointer, 'must provide an array');
    if (value.length > max) report(scope, pointer, `no more than ${max} items allowed`);
    if (value.length < min) report(scope, pointer, `no fewer than ${min} items allowed`);
    value.forEach((one, index) => {
      item(one, `${pointer}/${index}`, scope);
    });
  };
}

/** An object with these fields and no others; a key that ends in `?` may be left out. `more` sees the whole object. */
export function object(
  fields: Record<string, Check>,
  more?: (value: Fields, pointer: string, scope: Scope) => void,
): Check {
  const known = new Map<string, { check: Check; required: boolean }>();
  for (const [key, check] of Object.entries(fields)) {
    known.set(key.replace(/\?$/, ''), { check, required: !key.endsWith('?') });
  }
  return (value, pointer, scope) => {
    if (!isFields(value)) return report(scope, pointer, 'must provide an object');
    for (const [key, { check, required }] of known) {
      if (value[key] !== undefined) check(value[key], `${pointer}/${key}`, scope);
      else if (required) report(scope, pointer, `missing required field: ${key}`);
    }
    for (const key of Object.keys(value)) {
      if (!known.has(key)) report(scope, pointer, `invalid additional property: ${key}`);
    }
    more?.(value, pointer, scope);
  };
}

/** An object whose `type` chooses the rule. */
export function byType(rules: () => Record<string, Check>): Check {
  return (value, pointer, scope) => {
    if (!isFields(value)) return report(scope, pointer, 'must provide an object');
    const type = value.type;
    if (typeof type !== 'string') return report(scope, pointer, 'missing required field: type');
    const rule = Object.hasOwn(rules(), type) ? rules()[type] : undefined;
    if (!rule) return report(scope, `${pointer}/type`, `unsupported type: ${type}`);
    rule(value, pointer, scope);
  };
}

/** Both checks. */
export function both(...checks: Check[]): Check {
  return (value, pointer, scope) => {
    for (const check of checks) check(value, pointer, scope);
  };
}
