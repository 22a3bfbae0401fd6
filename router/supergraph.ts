// Reads the composed supergraph, and reads it again when it changes. The gateway would end the process over a file it
// cannot parse, and a file that is being written in place can be read half way: then the last good one stays.
import { unwatchFile, watchFile } from 'node:fs';
import { readFile } from 'node:fs/promises';
import type { Logger } from '@graphql-hive/gateway-runtime';
import { parse } from 'graphql';

export function supergraphFile(path: string, log: Logger) {
  let good: string | undefined;
  return async () => {
    try {
      const text = await readFile(path, 'utf8');
      parse(text);
      good = text;
    } catch (error) {
      if (!good) throw error;
      log.error({ path, error: String(error) }, 'The supergraph cannot be read; the last good one stays');
    }
    return good;
  };
}

// By polling, because a watcher of the file itself is lost when the file is replaced by rename.
export function watchSupergraph(path: string, changed: () => void) {
  watchFile(path, { interval: 500 }, changed);
  return () => unwatchFile(path, changed);
}
