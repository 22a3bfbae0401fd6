// Checks credentials with Digital Bazaar's libraries, as somebody else would who never heard of Lyceum.
//
// In, on standard input: { documents: { url: document }, credentials: [document] }: what the web would answer, the
// contexts that no package brings included, and what to check. Out: for each credential { verified, revoked, error }.

import net from 'node:net';
import { text } from 'node:stream/consumers';
import { named } from '@digitalbazaar/credentials-context';
import { DataIntegrityProof } from '@digitalbazaar/data-integrity';
import { cryptosuite } from '@digitalbazaar/eddsa-rdfc-2022-cryptosuite';
import multikey from '@digitalbazaar/multikey-context';
import { verifyCredential } from '@digitalbazaar/vc';
import { checkStatus } from '@digitalbazaar/vc-bitstring-status-list';

net.Socket.prototype.connect = () => {
  throw new Error('The network is cut.');
};

const { documents, credentials } = JSON.parse(await text(process.stdin));
const contexts = new Map([...named.values()].map(({ id, context }) => [id, context]));

async function documentLoader(url) {
  const document = contexts.get(url) ?? documents[url] ?? verificationMethod(url);
  if (!document) {
    throw new Error(`Nothing is at ${url}.`);
  }
  return { contextUrl: null, documentUrl: url, document };
}

// What a DID resolver does: it takes the method out of the DID document and names the context of its type.
function verificationMethod(url) {
  const method = documents[url.split('#')[0]]?.verificationMethod?.find(({ id }) => id === url);
  return method && { '@context': multikey.constants.CONTEXT_URL, ...method };
}

async function check(credential) {
  const suite = new DataIntegrityProof({ cryptosuite });
  const result = await verifyCredential({ credential, suite, documentLoader, checkStatus });
  const statuses = result.statusResult?.results ?? [];
  const error = result.error ?? result.statusResult?.error;
  return {
    verified: result.verified,
    revoked: statuses.some(({ status }) => status),
    error: error && [error, ...(error.errors ?? [])].map(({ message }) => message).join(' '),
  };
}

console.log(JSON.stringify(await Promise.all(credentials.map(check))));
