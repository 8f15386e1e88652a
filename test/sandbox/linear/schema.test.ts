// Our part of Linear's schema against the published one, and against what our client asks for.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { GraphQLNamedType, GraphQLSchema } from 'graphql';
import {
  buildSchema,
  isEnumType,
  isInputObjectType,
  isInterfaceType,
  isObjectType,
  isRequiredArgument,
  isRequiredInputField,
  isScalarType,
  parse,
  validate,
  visit,
} from 'graphql';
import { describe, expect, test } from 'vitest';
import { DOCUMENTS } from '#integrations/linear/client.ts';
import { LINEAR_SDL } from '#src/sandbox/linear/schema.ts';

const ours = buildSchema(LINEAR_SDL);
const folder = process.env.PUBLIC_DATA_DIR;
const file = folder ? join(folder, 'payloads/linear/schema.graphql') : '';
if (!existsSync(file))
  console.info(
    'PUBLIC_DATA_DIR is unset or has no payloads/linear/schema.graphql: not compared with the published schema.',
  );

describe.skipIf(!existsSync(file))('the simulated schema beside the published one', () => {
  test('every type, field, argument and nullability of ours is theirs', () => {
    const theirs = buildSchema(readFileSync(file, 'utf8'), { assumeValid: true });
    const differences = Object.values(ours.getTypeMap())
      .filter((type) => !type.name.startsWith('__'))
      .flatMap((type) => differencesOf(type, theirs));
    expect(differences).toEqual([]);
  });

  test('what our client asks for is valid in the published schema', () => {
    const theirs = buildSchema(readFileSync(file, 'utf8'), { assumeValid: true });
    const problems = Object.entries(DOCUMENTS).flatMap(([verb, text]) =>
      validate(theirs, parse(text)).map((error) => `${verb}: ${error.message}`),
    );
    expect(problems).toEqual([]);
  });

  test('the comparison notices a difference', () => {
    const theirs = buildSchema(readFileSync(file, 'utf8'), { assumeValid: true });
    const wrong = buildSchema(
      LINEAR_SDL.replace('identifier: String!', 'identifier: String\n  madeUp: Int').replace(
        'issue(id: String!)',
        'issue(id: String)',
      ),
    );
    const differences = ['Issue', 'Query'].flatMap((name) => differencesOf(wrong.getType(name)!, theirs));
    expect(differences).toEqual([
      'Issue.identifier is String, theirs String!',
      'Issue.madeUp is Int, theirs absent',
      'Query.issue(id) is String, theirs String!',
    ]);
  });
});

describe('the simulated schema beside our client', () => {
  // What the simulator can do beyond our client: what people and other tools of a workspace do, and what the page shows.
  const BEYOND = ['commentCreate', 'issueArchive', 'issueUnarchive', 'issueUpdate', 'rateLimitStatus', 'team'];

  test('every operation that our client calls is simulated, and nothing else but the known rest', () => {
    const called = new Set(Object.values(DOCUMENTS).flatMap(rootFields));
    const simulated = Object.keys({ ...ours.getQueryType()!.getFields(), ...ours.getMutationType()!.getFields() });
    expect([...called, ...BEYOND].toSorted()).toEqual(simulated.toSorted());
  });

  test.each(Object.entries(DOCUMENTS))('%s is valid', (_verb, text) => {
    expect(validate(ours, parse(text))).toEqual([]);
  });
});

function rootFields(text: string): string[] {
  const names: string[] = [];
  visit(parse(text), {
    OperationDefinition(node) {
      for (const one of node.selectionSet.selections) if (one.kind === 'Field') names.push(one.name.value);
    },
  });
  return names;
}

function differencesOf(type: GraphQLNamedType, theirs: GraphQLSchema): string[] {
  const other = theirs.getType(type.name);
  const found: string[] = [];
  const compare = (what: string, own: unknown, their: unknown) => {
    if (String(own) !== String(their)) found.push(`${what} is ${String(own)}, theirs ${String(their)}`);
  };
  compare(type.name, type.constructor.name, other?.constructor.name);
  if (isScalarType(type)) return found;
  if (isEnumType(type) && isEnumType(other)) {
    for (const { name } of type.getValues()) compare(`${type.name}.${name}`, name, other.getValue(name)?.name);
  }
  if (isInputObjectType(type) && isInputObjectType(other)) {
    const fields = other.getFields();
    for (const field of Object.values(type.getFields())) {
      compare(`${type.name}.${field.name}`, field.type, fields[field.name]?.type ?? 'absent');
    }
    for (const field of Object.values(fields).filter(isRequiredInputField)) {
      compare(`${type.name}.${field.name}`, type.getFields()[field.name]?.type ?? 'absent', field.type);
    }
  }
  if ((isObjectType(type) && isObjectType(other)) || (isInterfaceType(type) && isInterfaceType(other))) {
    for (const one of type.getInterfaces())
      compare(`${type.name} implements`, one.name, other.getInterfaces().find((each) => each.name === one.name)?.name);
    for (const field of Object.values(type.getFields())) {
      const their = other.getFields()[field.name];
      compare(`${type.name}.${field.name}`, field.type, their?.type ?? 'absent');
      for (const arg of field.args) {
        const theirArg = their?.args.find((each) => each.name === arg.name);
        compare(`${type.name}.${field.name}(${arg.name})`, arg.type, theirArg?.type ?? 'absent');
      }
      for (const arg of (their?.args ?? []).filter(isRequiredArgument)) {
        if (!field.args.some((each) => each.name === arg.name))
          compare(`${type.name}.${field.name}(${arg.name})`, 'absent', arg.type);
      }
    }
  }
  return found;
}
