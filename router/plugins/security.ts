// The headers that tell a browser what it must not do with an answer.
import type { GatewayPlugin } from '@graphql-hive/gateway-runtime';

const headers = {
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'x-xss-protection': '1; mode=block',
  'referrer-policy': 'no-referrer',
};
const transport = { 'strict-transport-security': 'max-age=31536000; includeSubDomains' };
const policy = "default-src 'self'; frame-ancestors 'none'";
// GraphiQL is one page with its scripts, styles and fonts inside it; its editor runs in workers made from blobs.
const pagePolicy =
  "default-src 'self'; script-src 'self' 'unsafe-inline' blob:; style-src 'self' 'unsafe-inline'; " +
  "img-src 'self' data: blob:; font-src 'self' data:; worker-src 'self' blob: data:; frame-ancestors 'none'";

export function useSecurityHeaders(production: boolean): GatewayPlugin {
  const always = Object.entries({ ...headers, ...(production && transport) });
  return {
    onResponse({ response }) {
      const isPage = response.headers.get('content-type')?.startsWith('text/html');
      response.headers.set('content-security-policy', isPage && !production ? pagePolicy : policy);
      for (const [name, value] of always) response.headers.set(name, value);
      if (!response.headers.has('cache-control')) response.headers.set('cache-control', 'no-store');
    },
  };
}
