// Composes the supergraph offline, from the subgraphs that supergraph.yaml lists.
//
//   node compose.mjs [--config ../supergraph.yaml] [--supergraph supergraph.graphql] [--schema schema.graphql]
//
// Writes the supergraph, which the router runs, and the public schema, which clients see.
import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { composeServices, compositionHasErrors } from '@theguild/federation-composition';
import { parse, Source } from 'graphql';
import YAML from 'yaml';

const beside = (name) => resolve(import.meta.dirname, name);

const { values: paths } = parseArgs({
  options: {
    config: { type: 'string', default: beside('../supergraph.yaml') },
    supergraph: { type: 'string', default: beside('supergraph.graphql') },
    schema: { type: 'string', default: beside('schema.graphql') },
  },
});

// The forms rover knows: ${env.NAME} and ${env.NAME:-default}.
function expand(text) {
  return text.replace(/\$\{env\.(\w+)(?::-([^}]*))?\}/g, (_, name, fallback) => {
    const value = process.env[name] || fallback;
    if (value === undefined) throw new Error(`${paths.config}: environment variable ${name} is not set`);
    return value;
  });
}

function readSubgraph([name, { routing_url, schema }]) {
  if (!routing_url || !schema?.file) throw new Error(`${paths.config}: ${name} needs routing_url and schema.file`);
  const file = resolve(dirname(paths.config), expand(schema.file));
  return { name, url: expand(routing_url), typeDefs: parse(new Source(readFileSync(file, 'utf8'), file)) };
}

// In place, because watchers of the supergraph lose a file that is replaced by rename.
function write(path, text) {
  writeFileSync(path, `${text.trimEnd()}\n`);
}

function compose() {
  const { subgraphs } = YAML.parse(readFileSync(paths.config, 'utf8'));
  const result = composeServices(Object.entries(subgraphs).map(readSubgraph));
  if (compositionHasErrors(result)) {
    for (const error of result.errors) console.error(`${error.extensions?.code ?? 'ERROR'}: ${error.message}`);
    return 1;
  }
  write(paths.supergraph, result.supergraphSdl);
  write(paths.schema, result.publicSdl);
  return 0;
}

try {
  process.exitCode = compose();
} catch (error) {
  console.error(String(error));
  process.exitCode = 1;
}
