// Verifies the access token of a request, so that a bad one is refused before anything is planned.
// The gateway's own JWT plugin looks neither at `typ` nor for "Bearer " in connectionParams. Requests without a
// token pass as anonymous; what they may see is for the subgraphs to say.
import type { GatewayPlugin, Logger } from '@graphql-hive/gateway-runtime';
import { createGraphQLError } from '@graphql-tools/utils';
import { createRemoteJWKSet, errors, jwtVerify } from 'jose';

export interface AuthenticationOptions {
  keys: URL;
  issuer: string;
  audience: string;
  log: Logger;
}

export interface Authentication {
  /** `Bearer <token>` once verified; empty for an anonymous request. */
  authorization: string;
}

// An answer without usable keys says nothing about the token.
const unavailable = [errors.JWKSTimeout, errors.JWKSInvalid];

function isRefusal(error: unknown): boolean {
  return (
    error instanceof errors.JOSEError &&
    error.code !== errors.JOSEError.code &&
    !unavailable.some((kind) => error instanceof kind)
  );
}

function failure(error: unknown, isHttp: boolean) {
  const [message, code, status] = isRefusal(error)
    ? ['The access token is not valid.', 'UNAUTHENTICATED', 401]
    : ['Access tokens cannot be verified at the moment.', 'SERVICE_UNAVAILABLE', 503];
  return createGraphQLError(message as string, { extensions: { code, ...(isHttp && { http: { status } }) } });
}

export function useAuthentication({ keys, issuer, audience, log }: AuthenticationOptions): GatewayPlugin {
  // Known keys are kept until a token names another one: identity may be away for longer than any cache would last.
  const keySet = createRemoteJWKSet(keys, { cooldownDuration: 5_000, cacheMaxAge: Infinity });
  const expected = { issuer, audience, typ: 'at+jwt', algorithms: ['EdDSA'], requiredClaims: ['sub', 'sid', 'exp'] };

  return {
    async onParams({ request, context, setResult }) {
      const client = context as typeof context & Authentication & { connectionParams?: Record<string, unknown> };
      const isHttp = !client.connectionParams;
      const parameters = client.connectionParams ?? {};
      const header = parameters.authorization ?? parameters.Authorization ?? request.headers.get('authorization');
      client.authorization = '';
      if (!header) return;
      try {
        const [, token] = /^Bearer +(\S+)$/i.exec(String(header)) ?? [];
        if (!token) throw new errors.JWTInvalid('Not a bearer token');
        await jwtVerify(token, keySet, expected);
        client.authorization = `Bearer ${token}`;
      } catch (error) {
        if (!isRefusal(error)) log.error({ error: String(error) }, 'No keys to verify tokens with');
        setResult({ errors: [failure(error, isHttp)] });
      }
    },
  };
}
