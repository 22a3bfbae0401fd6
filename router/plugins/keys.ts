// Exchanges the API keys of partners at identity for access tokens, which is all that subgraphs know. A token is used
// for half of its life, so that a stream that begins with it has as much before it; when identity is away it serves to
// its end. Neither keys nor what they hash to is ever logged.
import { hash } from 'node:crypto';

export interface Partner {
  /** `api_key_…` */
  key: string;
  /** `organization_…` */
  organization: string;
  accessToken: string;
  /** Milliseconds since 1970. */
  expiresAt: number;
}

export interface KeyOptions {
  url: URL;
  secret: string;
}

type Known = Partner & { askAt: number };

const format = /^lyceum_[\w-]{43}$/;
const kept = 10_000;
// Milliseconds: how long identity may take, how long a bad key is bad without asking, how soon to ask again after a fault.
const patience = 3_000;
const disbelief = 10_000;
const pause = 5_000;

export const isApiKey = (token: string) => token.startsWith('lyceum_');

function remember<Value>(map: Map<string, Value>, name: string, value: Value) {
  map.delete(name);
  map.set(name, value);
  if (map.size > kept) map.delete(map.keys().next().value!);
}

async function exchange({ url, secret }: KeyOptions, key: string): Promise<Known | undefined> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-lyceum-router': secret },
    body: JSON.stringify({ key }),
    signal: AbortSignal.timeout(patience),
  });
  if (response.status === 401) return undefined;
  if (!response.ok) throw new Error(`Identity answered ${response.status} to an API key`);
  const { id, organizationId, accessToken, expiresAt } = await response.json();
  const now = Date.now();
  const end = expiresAt * 1_000;
  return { key: id, organization: organizationId, accessToken, expiresAt: end, askAt: now + (end - now) / 2 };
}

export function apiKeys(options: KeyOptions) {
  const good = new Map<string, Known>();
  const bad = new Map<string, number>();
  const asking = new Map<string, Promise<Known | undefined>>();

  async function ask(name: string, key: string) {
    const known = await exchange(options, key).finally(() => asking.delete(name));
    if (known) remember(good, name, known);
    else remember(bad, name, Date.now() + disbelief);
    if (!known) good.delete(name);
    return known;
  }

  return {
    /** Who sends this key; undefined for one that is not good. Rejects when identity cannot tell. */
    async partnerOf(key: string): Promise<Partner | undefined> {
      if (!format.test(key)) return undefined;
      const name = hash('sha256', key);
      const known = good.get(name);
      if (known && Date.now() < known.askAt) return known;
      if (Date.now() < (bad.get(name) ?? 0)) return undefined;
      if (!asking.has(name)) asking.set(name, ask(name, key));
      try {
        return await asking.get(name);
      } catch (error) {
        if (!known || Date.now() >= known.expiresAt) throw error;
        known.askAt = Math.min(Date.now() + pause, known.expiresAt);
        return known;
      }
    },

    /** Asks identity again, now that subgraphs refuse this partner's token: its key must have been revoked. */
    forget(partner: Partner) {
      for (const [name, known] of good) if (known.accessToken === partner.accessToken) good.delete(name);
    },
  };
}
