// Writes the manifest of persisted operations, once all of them are valid against the public schema.
//
//   node operations.mjs [--schema schema.graphql] [--operations operations] [--released releases/…manifest.json]
//                       [--manifest persisted-query-manifest.json]
//
// operations/<client class>/<Name>.graphql holds the operation <Name>, and fragments if it needs them. The manifest has
// Apollo's format; its ids are the SHA-256 of the documents as graphql-js prints them, so that comments and white space
// do not matter. What was released stays in it: apps that are installed go on sending the ids they were built with.
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { buildSchema, getOperationAST, parse, print, Source, validate } from 'graphql';

const classes = ['desktop', 'mobile', 'partner', 'web'];
const beside = (name) => resolve(import.meta.dirname, name);

const { values: paths } = parseArgs({
  options: {
    schema: { type: 'string', default: beside('schema.graphql') },
    operations: { type: 'string', default: beside('operations') },
    released: { type: 'string', default: beside('releases/persisted-query-manifest.json') },
    manifest: { type: 'string', default: beside('persisted-query-manifest.json') },
  },
});

const read = (path) => readFileSync(path, 'utf8');

function operationIn(document, path) {
  const operation = getOperationAST(document);
  const name = basename(path, '.graphql');
  if (!operation) throw new Error(`${path}: there must be one operation in a file`);
  if (operation.name?.value !== name) throw new Error(`${path}: the operation must be called ${name}, as its file is`);
  return operation;
}

function readOperation(clientName, path) {
  const document = parse(new Source(read(path), path));
  const { name, operation } = operationIn(document, path);
  const body = print(document);
  return { id: createHash('sha256').update(body).digest('hex'), name: name.value, type: operation, body, clientName };
}

function readClass(entry) {
  if (!classes.includes(entry.name)) throw new Error(`${paths.operations}: ${entry.name} is none of ${classes.join(', ')}`);
  const directory = join(paths.operations, entry.name);
  const files = readdirSync(directory).filter((file) => file.endsWith('.graphql'));
  return files.map((file) => readOperation(entry.name, join(directory, file)));
}

function readReleased() {
  return existsSync(paths.released) ? JSON.parse(read(paths.released)).operations : [];
}

const keyOf = ({ clientName, name, id }) => `${clientName} ${name} ${id}`;

function collect() {
  const current = readdirSync(paths.operations, { withFileTypes: true }).flatMap(readClass);
  const unique = new Map([...readReleased(), ...current].map((operation) => [keyOf(operation), operation]));
  return [...unique.keys()].sort().map((key) => unique.get(key));
}

function problems(operations) {
  const schema = buildSchema(read(paths.schema));
  return operations.flatMap(({ clientName, name, body }) =>
    validate(schema, parse(body)).map((error) => `operations/${clientName}/${name}.graphql: ${error.message}`),
  );
}

try {
  const operations = collect();
  const found = problems(operations);
  for (const problem of found) console.error(problem);
  if (found.length) process.exitCode = 1;
  else writeFileSync(paths.manifest, `${JSON.stringify({ format: 'apollo-persisted-query-manifest', version: 1, operations }, null, 2)}\n`);
} catch (error) {
  console.error(String(error));
  process.exitCode = 1;
}
