// Zendesk's published descriptions, read from PUBLIC_DATA_DIR, and just enough of JSON Schema to hold an answer against them.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';

/** Where the descriptions are, or null when the folder is not given. */
export function publishedFolder(): string | null {
  const root = process.env.PUBLIC_DATA_DIR;
  return root ? join(root, 'payloads', 'zendesk') : null;
}

export interface Schema {
  $ref?: string;
  type?: string;
  format?: string;
  enum?: unknown[];
  nullable?: boolean;
  properties?: Record<string, Schema>;
  required?: string[];
  items?: Schema;
  example?: unknown;
}

interface Parameter {
  $ref?: string;
  name?: string;
  in?: string;
}

interface Operation {
  parameters?: Parameter[];
  responses?: Record<string, { content?: Record<string, { schema?: Schema }> }>;
}

export interface Description {
  paths: Record<string, Record<string, Operation>>;
  components: { schemas: Record<string, Schema>; messages?: Record<string, { headers?: Schema; payload?: Schema }> };
}

export function readDescription(folder: string, file: string): Description {
  return parse(readFileSync(join(folder, file), 'utf8'));
}

/** Everything in which a value differs from a schema, as `path: what`. What a description does not define is not judged. */
export function differences(description: Description, schema: Schema, value: unknown, path = ''): string[] {
  if (schema.$ref) {
    const target = description.components.schemas[schema.$ref.split('/').at(-1)!];
    return target ? differences(description, target, value, path) : [];
  }
  if (value === null) return schema.nullable || schema.type === undefined ? [] : [`${path}: null`];
  const type = typeOf(value);
  if (schema.type && schema.type !== type && !(schema.type === 'number' && type === 'integer'))
    return [`${path}: ${type}, not ${schema.type}`];
  if (schema.enum && !schema.enum.includes(value)) return [`${path}: ${JSON.stringify(value)} is none of its values`];
  if (schema.format && typeof value === 'string' && !FORMATS[schema.format]?.test(value))
    return FORMATS[schema.format] ? [`${path}: no ${schema.format}`] : [];
  if (Array.isArray(value))
    return value.flatMap((item, index) =>
      schema.items ? differences(description, schema.items, item, `${path}[${index}]`) : [],
    );
  if (type !== 'object') return [];
  const record = value as Record<string, unknown>;
  return [
    ...(schema.required ?? []).filter((name) => !(name in record)).map((name) => `${path}.${name}: missing`),
    ...Object.entries(schema.properties ?? {}).flatMap(([name, inner]) =>
      name in record ? differences(description, inner, record[name], `${path}.${name}`) : [],
    ),
  ];
}

/** The properties that a schema names, references followed. */
export function propertiesOf(description: Description, name: string): string[] {
  return Object.keys(description.components.schemas[name]?.properties ?? {});
}

const FORMATS: Record<string, RegExp> = {
  'date-time': /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/,
  uri: /^https?:\/\/\S+$/,
  uuid: /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/,
};

function typeOf(value: unknown): string {
  if (Array.isArray(value)) return 'array';
  if (typeof value === 'number') return Number.isInteger(value) ? 'integer' : 'number';
  return typeof value;
}
