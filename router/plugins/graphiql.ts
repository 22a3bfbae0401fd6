// What a developer sees first in the browser: GraphiQL, served whole by the router, with a way in.
import type { GatewayPlugin } from '@graphql-hive/gateway-runtime';

const defaultQuery = `# Welcome to Lyceum: one graph for people,
# courses, content, assessments and badges.
#
# 1. Log in: put the cursor into Login, below,
#    and press Ctrl-Enter (or the play button).
#    The demo password is Lyceum-Demo-2026.
# 2. Copy the accessToken of the answer into the
#    Headers editor, at the bottom:
#    { "authorization": "Bearer <accessToken>" }
# 3. Run Me in the same way, or ask anything:
#    Ctrl-Space completes, the book on the left
#    is the reference, subscriptions run as well.

mutation Login {
  login(input: {
    email: "teacher@demo.example"
    password: "Lyceum-Demo-2026"
  }) {
    __typename
    ... on Tokens {
      accessToken
      expiresAt
    }
    ... on Error {
      code
      message
    }
  }
}

query Me {
  viewer {
    user {
      displayName
      email
    }
    organization {
      name
    }
    scopes
  }
}
`;

// Of the protocols GraphiQL knows, SSE alone sends the Headers editor along; over WebSocket a token would be lost.
export const graphiql = { title: 'Lyceum', defaultQuery, subscriptionsProtocol: 'SSE', method: 'POST' } as const;

/** Leads a browser that opens the bare address to GraphiQL. */
export function useStartPage(): GatewayPlugin {
  return {
    onRequest({ url, fetchAPI, endResponse }) {
      if (url.pathname === '/') endResponse(new fetchAPI.Response(null, { status: 302, headers: { location: '/graphql' } }));
    },
  };
}
