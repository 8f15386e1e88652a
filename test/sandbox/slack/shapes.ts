// Two ways to hold one of our payloads to a published one: by an example that shows every field with its type, and by a schema.

type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

/** A JSON schema as Slack's OpenAPI file writes it: `items` with a list means "one of these". */
export interface Schema {
  $ref?: string;
  type?: string | string[];
  properties?: Record<string, Schema>;
  required?: string[];
  additionalProperties?: boolean;
  items?: Schema | Schema[];
  enum?: Json[];
  pattern?: string;
}

/** Where a value departs from an example: a field the example does not have, or one of another type. Only shapes are compared. */
export function unlikeExample(value: unknown, example: unknown, path = ''): string[] {
  if (value === null || value === undefined || example === null || example === undefined) return [];
  if (kind(value) !== kind(example)) return [`${path || '/'} is ${kind(value)}, not ${kind(example)}`];
  if (Array.isArray(value) && Array.isArray(example)) {
    if (example.length === 0) return [];
    // A list of the example shows one item of each sort: ours has to be like one of them.
    return value.flatMap((item, index) => {
      const tries = example.map((one) => unlikeExample(item, one, `${path}/${index}`));
      return tries.sort((a, b) => a.length - b.length)[0] ?? [];
    });
  }
  if (!isObject(value) || !isObject(example)) return [];
  // An empty object of the example is a map, or something it leaves open.
  if (Object.keys(example).length === 0) return [];
  return Object.entries(value).flatMap(([key, inner]) =>
    key in example ? unlikeExample(inner, example[key], `${path}/${key}`) : [`${path}/${key} is not in the example`],
  );
}

/** Where a value breaks a schema: a required field missing, a wrong type, an id of another shape. Unknown fields are told apart by `unknown:`. */
export function againstSchema(
  value: unknown,
  schema: Schema,
  definitions: Record<string, Schema>,
  path = '',
): string[] {
  if (schema.$ref) {
    const name = schema.$ref.split('/').at(-1) ?? '';
    const target = definitions[name];
    return target ? againstSchema(value, target, definitions, path) : [];
  }
  if (Array.isArray(schema.items) && !schema.type) {
    const tries = schema.items.map((one) => againstSchema(value, one, definitions, path));
    return tries.sort((a, b) => a.length - b.length)[0] ?? [];
  }
  const problems: string[] = [];
  const types = schema.type === undefined ? [] : [schema.type].flat();
  if (types.length > 0 && !types.some((type) => isType(value, type))) {
    return [`${path || '/'} is ${kind(value)}, not ${types.join(' or ')}`];
  }
  if (schema.enum && !schema.enum.some((one) => one === value))
    problems.push(`${path} is none of ${schema.enum.join(', ')}`);
  if (schema.pattern && typeof value === 'string' && !new RegExp(schema.pattern).test(value)) {
    problems.push(`${path} = ${value} is not like ${schema.pattern}`);
  }
  if (Array.isArray(value) && schema.items && !Array.isArray(schema.items)) {
    const { items } = schema;
    problems.push(...value.flatMap((item, index) => againstSchema(item, items, definitions, `${path}/${index}`)));
  }
  if (isObject(value)) {
    for (const key of schema.required ?? []) if (value[key] === undefined) problems.push(`${path}/${key} is missing`);
    for (const [key, inner] of Object.entries(value)) {
      const known = schema.properties?.[key];
      if (known) problems.push(...againstSchema(inner, known, definitions, `${path}/${key}`));
      else if (schema.additionalProperties === false) problems.push(`unknown: ${path}/${key}`);
    }
  }
  return problems;
}

function isType(value: unknown, type: string): boolean {
  if (type === 'integer') return Number.isInteger(value);
  if (type === 'null') return value === null;
  return kind(value) === type;
}

function kind(value: unknown): string {
  if (value === null) return 'null';
  return Array.isArray(value) ? 'array' : typeof value;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return kind(value) === 'object';
}
