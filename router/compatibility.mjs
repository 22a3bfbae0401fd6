// Fails when the public schema breaks what the last release promised to clients.
//
//   node compatibility.mjs [--released releases/schema.graphql] [--schema schema.graphql]
//
// What the release marked @deprecated may go: fields, arguments, fields of inputs, values of enums. Nothing else may.
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { ChangeType, CriticalityLevel, diff, DiffRule } from '@graphql-inspector/core';
import { buildSchema } from 'graphql';

const beside = (name) => resolve(import.meta.dirname, name);

const { values: paths } = parseArgs({
  options: {
    released: { type: 'string', default: beside('releases/schema.graphql') },
    schema: { type: 'string', default: beside('schema.graphql') },
  },
});

const read = (path) => buildSchema(readFileSync(path, 'utf8'));

function isDeprecatedArgument(schema, path) {
  const [type, field, name] = path.split('.');
  const argument = schema.getType(type)?.getFields?.()[field]?.args.find((found) => found.name === name);
  return argument?.deprecationReason != null;
}

// The library's own rule knows fields and values, but not arguments.
function withoutDeprecatedArguments({ changes, oldSchema }) {
  const isFine = ({ type, path }) => type === ChangeType.FieldArgumentRemoved && isDeprecatedArgument(oldSchema, path);
  return changes.filter((change) => !isFine(change));
}

try {
  const rules = [DiffRule.suppressRemovalOfDeprecatedField, withoutDeprecatedArguments];
  const changes = await diff(read(paths.released), read(paths.schema), rules);
  const breaking = changes.filter(({ criticality }) => criticality.level === CriticalityLevel.Breaking);
  for (const { message, path } of breaking) console.error(`${path}: ${message}`);
  process.exitCode = breaking.length ? 1 : 0;
} catch (error) {
  console.error(String(error));
  process.exitCode = 1;
}
