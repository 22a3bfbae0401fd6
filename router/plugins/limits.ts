// Refuses an operation that asks for too much before any of it is executed, mostly with the code QUERY_TOO_LARGE, and says in
// `extensions.cost` of every answer what the operation costs. Depth and tokens are counted by libraries; see also the
// budget of rows that subgraphs hold while they execute: an estimate alone never is the limit.
import { maxDepthRule } from '@escape.tech/graphql-armor-max-depth';
import { maxTokensPlugin } from '@escape.tech/graphql-armor-max-tokens';
import type { GatewayPlugin } from '@graphql-hive/gateway-runtime';
import { createGraphQLError, isAsyncIterable, type ExecutionResult } from '@graphql-tools/utils';
import {
  getOperationAST,
  Kind,
  type DocumentNode,
  type ExecutionArgs,
  type GraphQLError,
  type GraphQLSchema,
  type OperationDefinitionNode,
} from 'graphql';
import { contentsOf, costOf, type Contents } from './operation.ts';

export interface Limits {
  depth: number;
  tokens: number;
  /** All fields of an operation, as often as its fragments repeat them. */
  fields: number;
  aliases: number;
  directives: number;
  rootFields: number;
  /** See `costOf`; 0 for no maximum. */
  cost: number;
}

// Each of them tries a password, a token or a code, and the limits on tries are counted per request.
const credentialFields = new Set(['login', 'refreshSession', 'register', 'changePassword', 'verifyCredential']);

// So many costs of one document are remembered, for as many sizes of its pages.
const rememberedCosts = 100;

interface Known {
  refusal?: GraphQLError;
  sizes: Contents['sizes'];
  costs: Map<string, number>;
}

const tooLarge = (message: string) => createGraphQLError(message, { extensions: { code: 'QUERY_TOO_LARGE' } });
const tooManyCredentials = createGraphQLError(
  `An operation may hold one of these fields, once: ${[...credentialFields].join(', ')}.`,
  { extensions: { code: 'TOO_MANY_CREDENTIALS' } },
);
const beyond = (what: string, limit: number) => tooLarge(`The operation exceeds the limit of ${limit} ${what}.`);

function refusalOf(limits: Limits, contents: Contents) {
  if (contents.credentialFields > 1) return tooManyCredentials;
  if (contents.fields > limits.fields) return beyond('fields', limits.fields);
  if (contents.aliases > limits.aliases) return beyond('aliases', limits.aliases);
  if (contents.directives > limits.directives) return beyond('directives', limits.directives);
  if (contents.rootFields > limits.rootFields) return beyond('root fields', limits.rootFields);
  return undefined;
}

// No variable can make it long: of what is not a size it only says whether it is there.
const sizeKey = (value: unknown) => (value === undefined ? '' : Number.isInteger(value) ? String(value) : 'null');

// Everything but the cost is a property of the document; so is the cost, given the variables that sizes come from.
function analysis(limits: Limits) {
  const bySchema = new WeakMap<GraphQLSchema, WeakMap<OperationDefinitionNode, Known>>();

  function known(schema: GraphQLSchema, document: DocumentNode, operation: OperationDefinitionNode): Known {
    let byOperation = bySchema.get(schema);
    if (!byOperation) bySchema.set(schema, (byOperation = new WeakMap()));
    let found = byOperation.get(operation);
    if (!found) {
      const contents = contentsOf(document, operation, (name) => credentialFields.has(name));
      found = { refusal: refusalOf(limits, contents), sizes: contents.sizes, costs: new Map() };
      byOperation.set(operation, found);
    }
    return found;
  }

  return ({ schema, document, operationName, variableValues }: ExecutionArgs) => {
    const operation = getOperationAST(document, operationName);
    if (!operation) return undefined;
    const { refusal, sizes, costs } = known(schema, document, operation);
    if (refusal) return { refusal };
    const variables = variableValues ?? {};
    const key = Array.from(sizes, (name) => sizeKey(variables[name])).join();
    let requested = costs.get(key);
    if (requested === undefined) {
      requested = costOf(schema, document, operation, variables);
      if (costs.size >= rememberedCosts) costs.clear();
      costs.set(key, requested);
    }
    const cost = { requested, maximum: limits.cost };
    const isTooMuch = limits.cost > 0 && requested > limits.cost;
    const message = `The operation costs ${requested}, more than ${limits.cost}; ask for smaller pages.`;
    return { cost, refusal: isTooMuch ? tooLarge(message) : undefined };
  };
}

/** The limits on an operation whose fragments are taken apart, its cost among them. */
export function useOperationLimits(limits: Limits): GatewayPlugin {
  const analyse = analysis(limits);
  return {
    onExecute({ args, setResultAndStopExecution }) {
      const { cost, refusal } = analyse(args) ?? {};
      if (refusal) return setResultAndStopExecution({ errors: [refusal], ...(cost && { extensions: { cost } }) });
      return {
        onExecuteDone({ result, setResult }) {
          if (isAsyncIterable(result)) return;
          const { extensions } = result as ExecutionResult<unknown, object>;
          setResult({ ...(result as ExecutionResult), extensions: { ...extensions, cost } });
        },
      };
    },
    onSubscribe({ args, setResultAndStopExecution }) {
      const { cost, refusal } = analyse(args) ?? {};
      if (refusal) setResultAndStopExecution({ errors: [refusal], ...(cost && { extensions: { cost } }) });
    },
  };
}

/** The limits on a document as it stands: its tokens while it is parsed, its depth while it is validated. */
export function useDocumentLimits({ depth, tokens }: Limits): GatewayPlugin {
  const { onParse } = maxTokensPlugin({
    n: tokens,
    onReject: [() => { throw beyond('tokens', tokens); }],
  });
  const rule = maxDepthRule({
    n: depth,
    flattenFragments: true,
    propagateOnRejection: false,
    onReject: [(context) => context?.reportError(beyond('levels of depth', depth))],
  });
  return {
    onParse: onParse as GatewayPlugin['onParse'],
    onValidate: ({ addValidationRule }) => addValidationRule(rule),
  };
}
