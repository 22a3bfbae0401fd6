// Verifies the access token of a request, or exchanges its API key for one, so that a bad one is refused before
// anything is planned.
// The gateway's own JWT plugin looks neither at `typ` nor for "Bearer " in connectionParams. Requests without a
// token pass as anonymous; what they may see is for the subgraphs to say.
import type { GatewayPlugin, Logger } from '@graphql-hive/gateway-runtime';
import { isAsyncIterable } from '@graphql-tools/utils';
import { decodeJwt, errors, type JWTPayload } from 'jose';
import { parameter } from './client.ts';
import { apiKeys, isApiKey, type Partner } from './keys.ts';
import { refusal, refuse, type Received } from './refusal.ts';
import { accessTokens, type TokenOptions } from './tokens.ts';

export interface AuthenticationOptions extends TokenOptions {
  /** Where identity exchanges API keys, and what proves to it that the router asks. */
  apiKeys: URL;
  secret: string;
  log: Logger;
}

export interface Authentication {
  /** `Bearer <token>` once verified; empty for an anonymous request. */
  authorization: string;
  /** What the verified token says. */
  claims?: JWTPayload;
  /** Whose API key it was that came instead of a token; the subgraphs are told the token that it was exchanged for. */
  partner?: Partner;
}

const invalid = 'The access token or API key is not valid.';
const unverifiable = 'Access tokens and API keys cannot be verified at the moment.';

// An answer without usable keys says nothing about the token.
const unavailable = [errors.JWKSTimeout, errors.JWKSInvalid];

function isRefusal(error: unknown): boolean {
  return (
    error instanceof errors.JOSEError &&
    error.code !== errors.JOSEError.code &&
    !unavailable.some((kind) => error instanceof kind)
  );
}

export function useAuthentication({ log, ...options }: AuthenticationOptions): GatewayPlugin {
  const claimsOf = accessTokens(options);
  const partners = apiKeys({ url: options.apiKeys, secret: options.secret });

  async function authenticate(header: string): Promise<Authentication> {
    const [, token] = /^Bearer +(\S+)$/i.exec(header) ?? [];
    if (!token) throw new errors.JWTInvalid('Not a bearer token');
    if (!isApiKey(token)) return { authorization: `Bearer ${token}`, claims: await claimsOf(token) };
    const partner = await partners.partnerOf(token);
    if (!partner) throw new errors.JWTInvalid('Not an API key');
    return { authorization: `Bearer ${partner.accessToken}`, claims: decodeJwt(partner.accessToken), partner };
  }

  return {
    async onParams(payload) {
      const received = payload as Received;
      const client = received.context as Authentication;
      const header = parameter(received, 'authorization');
      client.authorization = '';
      if (!header) return;
      try {
        Object.assign(client, await authenticate(header));
      } catch (error) {
        if (isRefusal(error)) return refuse(received, invalid, 'UNAUTHENTICATED', 401);
        log.error({ error: String(error) }, 'Access tokens and API keys cannot be verified');
        refuse(received, unverifiable, 'SERVICE_UNAVAILABLE', 503);
      }
    },

    // A key that was revoked meanwhile is refused by the subgraphs first, and then like any other that is not good.
    onExecutionResult({ result, context, setResult }) {
      const { partner } = context as unknown as Authentication;
      if (!partner || !result || isAsyncIterable(result) || !('errors' in result)) return;
      if (!result.errors?.some(({ extensions }) => extensions?.code === 'UNAUTHENTICATED')) return;
      partners.forget(partner);
      setResult(refusal(context, invalid, 'UNAUTHENTICATED', 401));
    },
  };
}
