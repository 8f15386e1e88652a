// What changed between two JSON Schemas of one contract version, and who would not survive it: rows that were stored before, or readers
// that were deployed before. Within a version both must, so only new optional fields pass.

/** A JSON Schema as Zod writes it: the subset that contracts use. */
export interface JsonSchema {
  [keyword: string]: unknown;
}

/** One change that breaks somebody. `path` is made of field names, `[]` for list items and `*` for the values of a record. */
export interface BreakingChange {
  path: string;
  reason: string;
}

export interface SchemaChanges {
  breaking: BreakingChange[];
  /** Paths of new optional fields: nobody minds them. */
  additions: string[];
}

/** Compares the released schema of a contract with the present one. */
export function changesBetween(released: JsonSchema, current: JsonSchema): SchemaChanges {
  const found: SchemaChanges = { breaking: [], additions: [] };
  compare(released, current, '', found);
  return found;
}

/** Paths of objects that would drop or refuse fields they do not know. A reader must hand on what a newer writer added. */
export function lossyObjects(schema: JsonSchema, path = ''): string[] {
  return alternativesOf(schema).flatMap((one) => {
    if (one.type === 'array') return itemsOf(one).flatMap((item) => lossyObjects(item, `${path}[]`));
    if (one.type !== 'object') return [];
    const open = one.additionalProperties !== undefined && one.additionalProperties !== false;
    const inside = Object.entries(propertiesOf(one)).flatMap(([name, field]) => lossyObjects(field, join(path, name)));
    const values = isSchema(one.additionalProperties) ? lossyObjects(one.additionalProperties, join(path, '*')) : [];
    return [...(open ? [] : [path || 'the record itself']), ...inside, ...values];
  });
}

// Words about a schema, which no row and no reader can be broken by.
const ANNOTATIONS = [
  '$schema',
  '$id',
  '$comment',
  'title',
  'description',
  'examples',
  'default',
  'deprecated',
  'readOnly',
];
// Compared one by one below; everything else has to be equal.
const STRUCTURE = [
  'type',
  'properties',
  'required',
  'additionalProperties',
  'propertyNames',
  'items',
  'prefixItems',
  'enum',
];
const LOWER = ['minimum', 'exclusiveMinimum', 'minLength', 'minItems', 'minProperties'];
const UPPER = ['maximum', 'exclusiveMaximum', 'maxLength', 'maxItems', 'maxProperties'];

function compare(released: JsonSchema, current: JsonSchema, path: string, found: SchemaChanges): void {
  const before = alternativesOf(released);
  const after = alternativesOf(current);
  const gone = new Set(before);
  const fresh = new Set(after);
  for (const old of before) {
    const match = partnerOf(old, before, after, fresh);
    if (!match) continue;
    gone.delete(old);
    fresh.delete(match);
    compareOne(old, match, path, found);
  }
  for (const old of gone) breaks(found, path, `no longer accepts ${nameOf(old)}, which older rows may hold`);
  for (const one of fresh) breaks(found, path, `now also accepts ${nameOf(one)}, which older readers refuse`);
}

/** Every shape a value may take, one plain schema each: `type: [a, b]`, anyOf and oneOf say the same thing. */
function alternativesOf(schema: JsonSchema): JsonSchema[] {
  if ('$ref' in schema) throw new Error('A contract may not refer to itself: its released file would not stand alone.');
  const bare = Object.fromEntries(Object.entries(schema).filter(([keyword]) => !ANNOTATIONS.includes(keyword)));
  const branches = (bare.anyOf ?? bare.oneOf) as JsonSchema[] | undefined;
  if (branches) return branches.flatMap(alternativesOf);
  if (Array.isArray(bare.type)) return bare.type.map((type) => ({ ...bare, type: String(type) }));
  if ('const' in bare) {
    const { const: only, ...rest } = bare;
    return [{ ...rest, enum: [only] }];
  }
  return [bare];
}

/** The shape in the other schema that is the same thing, possibly changed. Unions of objects go by their discriminator. */
function partnerOf(
  old: JsonSchema,
  before: JsonSchema[],
  after: JsonSchema[],
  free: Set<JsonSchema>,
): JsonSchema | undefined {
  const candidates = after.filter((one) => free.has(one) && family(one) === family(old));
  const alone = (list: JsonSchema[]) => list.filter((one) => family(one) === family(old)).length === 1;
  if (alone(before) && alone(after)) return candidates[0];
  const equal = candidates.find((one) => same(one, old));
  if (equal) return equal;
  const tag = tagsOf(old);
  return candidates.find((one) => {
    const other = tagsOf(one);
    const shared = Object.keys(tag).filter((name) => name in other);
    return shared.length > 0 && shared.every((name) => tag[name] === other[name]);
  });
}

function family(schema: JsonSchema): string {
  return schema.type === 'integer' ? 'number' : String(schema.type);
}

/** Fields that can hold one value only: they tell the members of a union apart. */
function tagsOf(schema: JsonSchema): Record<string, string> {
  const fixed = Object.entries(propertiesOf(schema)).filter(([, field]) => 'const' in field);
  return Object.fromEntries(fixed.map(([name, field]) => [name, JSON.stringify(field.const)]));
}

function compareOne(old: JsonSchema, now: JsonSchema, path: string, found: SchemaChanges): void {
  if (old.type === 'number' && now.type === 'integer')
    breaks(found, path, 'takes whole numbers only, older rows may hold fractions');
  if (old.type === 'integer' && now.type === 'number')
    breaks(found, path, 'takes fractions, which older readers refuse');
  compareValues(old, now, path, found);
  compareBounds(old, now, path, found);
  compareRest(old, now, path, found);
  if (old.type === 'object') compareFields(old, now, path, found);
  if (old.type === 'array') compareItems(old, now, path, found);
}

function compareValues(old: JsonSchema, now: JsonSchema, path: string, found: SchemaChanges): void {
  const before = old.enum as unknown[] | undefined;
  const after = now.enum as unknown[] | undefined;
  if (before && after) {
    const removed = before.filter((value) => !after.includes(value));
    const added = after.filter((value) => !before.includes(value));
    if (removed.length > 0) breaks(found, path, `lost the value ${list(removed)}, which older rows may hold`);
    if (added.length > 0) breaks(found, path, `gained the value ${list(added)}, which older readers refuse`);
  } else if (after) breaks(found, path, `takes only ${list(after)} now, older rows may hold anything else`);
  else if (before) breaks(found, path, `takes any ${String(now.type)} now, older readers know ${list(before)} only`);
}

function compareBounds(old: JsonSchema, now: JsonSchema, path: string, found: SchemaChanges): void {
  const judge = (keyword: string, tightness: number) => {
    if (tightness > 0) breaks(found, path, `has a tighter ${keyword}, older rows may lie outside`);
    if (tightness < 0) breaks(found, path, `has a looser ${keyword}, older readers refuse what it lets in`);
  };
  const bound = (schema: JsonSchema, keyword: string, none: number) => (schema[keyword] as number | undefined) ?? none;
  for (const keyword of LOWER)
    judge(keyword, Math.sign(bound(now, keyword, -Infinity) - bound(old, keyword, -Infinity)) || 0);
  for (const keyword of UPPER)
    judge(keyword, Math.sign(bound(old, keyword, Infinity) - bound(now, keyword, Infinity)) || 0);
}

/** Patterns, formats and keywords nobody thought of: whether they are wider or narrower cannot be told, so they may not change. */
function compareRest(old: JsonSchema, now: JsonSchema, path: string, found: SchemaChanges): void {
  const compared = [...STRUCTURE, ...LOWER, ...UPPER];
  // A format brings its own pattern, whose wording belongs to the library.
  if (old.format !== undefined && old.format === now.format) compared.push('pattern');
  for (const keyword of new Set([...Object.keys(old), ...Object.keys(now)])) {
    if (compared.includes(keyword) || same(old[keyword], now[keyword])) continue;
    breaks(found, path, `has another ${keyword}, which older rows or older readers may not agree with`);
  }
}

function compareFields(old: JsonSchema, now: JsonSchema, path: string, found: SchemaChanges): void {
  const before = propertiesOf(old);
  const after = propertiesOf(now);
  const must = (schema: JsonSchema, name: string) => ((schema.required as string[] | undefined) ?? []).includes(name);
  for (const [name, field] of Object.entries(before)) {
    const at = join(path, name);
    const next = after[name];
    if (!next) {
      breaks(
        found,
        at,
        must(old, name) ? 'was removed, older readers need it' : 'was removed, older rows still hold it',
      );
      continue;
    }
    if (!must(old, name) && must(now, name)) breaks(found, at, 'became required, older rows may lack it');
    if (must(old, name) && !must(now, name)) breaks(found, at, 'became optional, older readers need it');
    compare(field, next, at, found);
  }
  for (const name of Object.keys(after).filter((name) => !(name in before))) {
    const at = join(path, name);
    if (must(now, name)) breaks(found, at, 'was added as required, older rows lack it');
    else if (old.additionalProperties === false)
      breaks(found, at, 'was added, older readers refuse fields they do not know');
    else found.additions.push(at);
  }
  compareExtras(old.additionalProperties, now.additionalProperties, path, found);
  if (isSchema(old.propertyNames) && isSchema(now.propertyNames))
    compare(old.propertyNames, now.propertyNames, `${path}{}`, found);
  else if (old.propertyNames || now.propertyNames) breaks(found, path, 'changed between a record and an object');
}

function compareExtras(old: unknown, now: unknown, path: string, found: SchemaChanges): void {
  if (isSchema(old) && isSchema(now)) {
    compare(old, now, join(path, '*'), found);
    return;
  }
  if (same(old ?? {}, now ?? {})) return;
  if (now === false) breaks(found, path, 'refuses unknown fields now, older rows may hold some');
  else if (old === false) breaks(found, path, 'lets unknown fields in, which older readers refuse');
  else
    breaks(found, path, 'treats unknown fields in another way, which older rows or older readers may not agree with');
}

function compareItems(old: JsonSchema, now: JsonSchema, path: string, found: SchemaChanges): void {
  const before = itemsOf(old);
  const after = itemsOf(now);
  if (before.length !== after.length || Boolean(old.prefixItems) !== Boolean(now.prefixItems)) {
    breaks(found, path, 'has another number of places, which older rows and older readers do not agree with');
    return;
  }
  before.forEach((item, place) => {
    compare(item, after[place]!, `${path}[${old.prefixItems ? place : ''}]`, found);
  });
}

function breaks(found: SchemaChanges, path: string, reason: string): void {
  found.breaking.push({ path: path || 'the record itself', reason });
}

function propertiesOf(schema: JsonSchema): Record<string, JsonSchema> {
  return (schema.properties as Record<string, JsonSchema> | undefined) ?? {};
}

function itemsOf(schema: JsonSchema): JsonSchema[] {
  if (schema.prefixItems) return schema.prefixItems as JsonSchema[];
  return isSchema(schema.items) ? [schema.items] : [];
}

/** An object with keywords in it; `{}` and true mean "anything" and are no schema to compare. */
function isSchema(value: unknown): value is JsonSchema {
  return typeof value === 'object' && value !== null && Object.keys(value).length > 0;
}

function nameOf(schema: JsonSchema): string {
  if (schema.enum) return list(schema.enum as unknown[]);
  const tags = Object.entries(tagsOf(schema)).map(([name, value]) => `${name} ${value}`);
  return tags.length > 0 ? `an object with ${tags.join(', ')}` : String(schema.type ?? 'anything');
}

function list(values: unknown[]): string {
  return values.map((value) => JSON.stringify(value)).join(', ');
}

function join(path: string, name: string): string {
  return path === '' ? name : `${path}.${name}`;
}

function same(a: unknown, b: unknown): boolean {
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return a === b;
  return [...new Set([...Object.keys(a), ...Object.keys(b)])].every((key) =>
    same((a as JsonSchema)[key], (b as JsonSchema)[key]),
  );
}
