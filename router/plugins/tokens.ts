// Verifies access tokens, and remembers for a minute that a signature was good: a client sends the same token with every
// request, and to verify it took a tenth of the router's time. Whether a token has expired is looked at each time, and
// whether its session was revoked is for the subgraphs to say, as ever.
import { hash } from 'node:crypto';
import { createRemoteJWKSet, jwtVerify, type JWTPayload } from 'jose';

export interface TokenOptions {
  keys: URL;
  issuer: string;
  audience: string;
}

interface Known {
  claims: JWTPayload;
  /** Milliseconds since 1970; never after the token expires. */
  until: number;
}

const kept = 10_000;
// Milliseconds; a key that was withdrawn is trusted so much longer.
const trust = 60_000;

export function accessTokens({ keys, issuer, audience }: TokenOptions) {
  // Known keys are kept until a token names another one: identity may be away for longer than any cache would last.
  const keySet = createRemoteJWKSet(keys, { cooldownDuration: 5_000, cacheMaxAge: Infinity });
  const expected = { issuer, audience, typ: 'at+jwt', algorithms: ['EdDSA'], requiredClaims: ['sub', 'sid', 'exp'] };
  const good = new Map<string, Known>();

  async function verified(name: string, token: string): Promise<JWTPayload> {
    good.delete(name);
    const { payload } = await jwtVerify(token, keySet, expected);
    if (good.size >= kept) good.delete(good.keys().next().value!);
    good.set(name, { claims: payload, until: Math.min(Date.now() + trust, payload.exp! * 1_000) });
    return payload;
  }

  /** What a token says; rejects with the library's errors when it is not good. */
  return async (token: string): Promise<JWTPayload> => {
    const name = hash('sha256', token);
    const known = good.get(name);
    return known && Date.now() < known.until ? known.claims : verified(name, token);
  };
}
