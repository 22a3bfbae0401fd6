// What a developer sees first in the browser: GraphiQL, served whole by the router, with a way in.
import type { GatewayPlugin } from '@graphql-hive/gateway-runtime';
import { renderGraphiQL } from '@graphql-yoga/render-graphiql';

const defaultQuery = `# Welcome to Lyceum: one graph for people,
# courses, content, assessments, badges and
# what they mean.
#
# 1. Log in: put the cursor into Login, below,
#    and press Ctrl-Enter (or the play button).
#    The demo password is Lyceum-Demo-2026.
# 2. Copy the accessToken of the answer into the
#    Headers editor, at the bottom:
#    { "authorization": "Bearer <accessToken>" }
# 3. Run Courses in the same way, a request to
#    six subgraphs, or ask anything:
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

query Courses {
  viewer {
    user {
      displayName
    }
  }
  courses(first: 3) {
    totalCount
    edges {
      node {
        title
        organization {
          name
        }
        modules {
          title
          items(first: 3) {
            edges {
              node {
                title
              }
            }
          }
        }
        assessments {
          edges {
            node {
              title
            }
          }
        }
        badges {
          edges {
            node {
              id
              name
            }
          }
        }
        presence {
          count
        }
      }
    }
  }
  semanticSearch(query: "how far away are the stars?") {
    score
    item {
      title
    }
  }
}
`;

// Of the protocols GraphiQL knows, SSE alone sends the Headers editor along; over WebSocket a token would be lost.
export const graphiql = { title: 'Lyceum', defaultQuery, subscriptionsProtocol: 'SSE', method: 'POST' } as const;

/** The page without the scroll bars that something outside the visible part of GraphiQL would give it. */
export const renderPage: typeof renderGraphiQL = (options) =>
  String(renderGraphiQL(options)).replace('</head>', '<style>body { margin: 0; height: 100vh; overflow: hidden }</style></head>');

/** Leads a browser that opens the bare address to GraphiQL. */
export function useStartPage(): GatewayPlugin {
  return {
    onRequest({ url, fetchAPI, endResponse }) {
      if (url.pathname === '/') endResponse(new fetchAPI.Response(null, { status: 302, headers: { location: '/graphql' } }));
    },
  };
}
