// The names of the persisted operations: the only ones that metrics name.
import { readFileSync } from 'node:fs';

interface Manifest {
  operations: { name: string }[];
}

export function operationNames(manifest: string): Set<string> {
  try {
    const { operations } = JSON.parse(readFileSync(manifest, 'utf8')) as Manifest;
    return new Set(operations.map(({ name }) => name));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    return new Set();
  }
}
