// What an operation asks for, with its fragments taken apart, so that nothing can be hidden in one. Each fragment is
// looked at once, however often it is spread: fragments that double one another would take for ever.
import {
  getNamedType,
  getNullableType,
  isCompositeType,
  isInterfaceType,
  isListType,
  isObjectType,
  Kind,
  valueFromASTUntyped,
  type DocumentNode,
  type FieldNode,
  type FragmentDefinitionNode,
  type GraphQLField,
  type GraphQLNamedType,
  type GraphQLSchema,
  type OperationDefinitionNode,
  type SelectionSetNode,
} from 'graphql';

type Variables = Record<string, unknown>;
type Fragments = ReadonlyMap<string, FragmentDefinitionNode>;

/** The largest page; a subgraph refuses a field that asks for more. */
const largestPage = 100;
/** The usual page, and a list without pages: modules of a course, criteria, choices, memberships. */
const usualPage = 10;
const usualList = 5;
const mutationCost = 10;
// They only carry the objects of a list.
const carriers = /(Connection|Edge|PageInfo)$/;

function fragmentsOf(document: DocumentNode): Fragments {
  const fragments = document.definitions.filter((definition) => definition.kind === Kind.FRAGMENT_DEFINITION);
  return new Map(fragments.map((fragment) => [fragment.name.value, fragment]));
}

export interface Counts {
  fields: number;
  aliases: number;
  directives: number;
  rootFields: number;
  /** Those of the root fields that try a password, a token or a code. */
  credentialFields: number;
}

export interface Contents extends Counts {
  /** The names of the variables that sizes of lists come from. */
  sizes: ReadonlySet<string>;
}

const nothing: Counts = { fields: 0, aliases: 0, directives: 0, rootFields: 0, credentialFields: 0 };

/** Counts what an operation holds once each of its fragments stands where it is spread. */
export function contentsOf(
  document: DocumentNode,
  operation: OperationDefinitionNode,
  isCredentialField: (name: string) => boolean,
): Contents {
  const fragments = fragmentsOf(document);
  const found = new Map<string, Counts>();
  const sizes = new Set<string>();

  function add(sum: Counts, { fields, aliases, directives, rootFields, credentialFields }: Counts, isRoot: boolean) {
    sum.fields += fields;
    sum.aliases += aliases;
    sum.directives += directives;
    sum.rootFields += isRoot ? rootFields : 0;
    sum.credentialFields += isRoot ? credentialFields : 0;
  }

  function ofField({ name, alias, arguments: given, selectionSet }: FieldNode): Counts {
    for (const argument of given ?? [])
      if (argument.name.value === 'first' && argument.value.kind === Kind.VARIABLE) sizes.add(argument.value.name.value);
    const credentialFields = isCredentialField(name.value) ? 1 : 0;
    const sum = { fields: 1, aliases: alias ? 1 : 0, directives: 0, rootFields: 1, credentialFields };
    if (selectionSet) add(sum, below(selectionSet), false);
    return sum;
  }

  function ofFragment(name: string): Counts {
    if (!found.has(name)) {
      const { selectionSet, directives } = fragments.get(name)!;
      found.set(name, below(selectionSet, directives?.length));
    }
    return found.get(name)!;
  }

  function below({ selections }: SelectionSetNode, directives = 0): Counts {
    const sum = { ...nothing, directives };
    for (const selection of selections) {
      sum.directives += selection.directives?.length ?? 0;
      if (selection.kind === Kind.FIELD) add(sum, ofField(selection), true);
      else if (selection.kind === Kind.INLINE_FRAGMENT) add(sum, below(selection.selectionSet), true);
      else add(sum, ofFragment(selection.name.value), true);
    }
    return sum;
  }

  return { ...below(operation.selectionSet, operation.directives?.length), sizes };
}

/** What a selection costs: by itself, and once more for each entry of the page that it is made on. */
interface Weight {
  fixed: number;
  each: number;
}

/**
 * About how many objects an operation asks for: 1 for an object, times the sizes of the lists that it lies in, and 10
 * for a mutation. A size is what `first` says, else its default, or 5 for a list without `first`.
 */
export function costOf(
  schema: GraphQLSchema,
  document: DocumentNode,
  operation: OperationDefinitionNode,
  given: Variables,
): number {
  const fragments = fragmentsOf(document);
  const found = new Map<string, Weight>();
  const defaults = (operation.variableDefinitions ?? []).flatMap(({ variable, defaultValue }) =>
    defaultValue ? [[variable.name.value, valueFromASTUntyped(defaultValue)] as const] : [],
  );
  const variables: Variables = { ...Object.fromEntries(defaults), ...given };
  const root = schema.getRootType(operation.operation)!;

  function sizeOf(field: FieldNode, definition: GraphQLField<unknown, unknown>): number {
    const pages = definition.args.find(({ name }) => name === 'first');
    if (!pages) return usualList;
    const usual = pages.defaultValue ?? usualPage;
    const argument = field.arguments?.find(({ name }) => name.value === 'first');
    const asked = argument ? valueFromASTUntyped(argument.value, variables) : usual;
    return Number.isInteger(asked) ? Math.min(Math.max(asked as number, 0), largestPage) : (usual as number);
  }

  function ownCost(type: GraphQLNamedType, parent: GraphQLNamedType): number {
    if (parent === root) return operation.operation === 'mutation' ? mutationCost : 1;
    return isCompositeType(type) && !carriers.test(type.name) ? 1 : 0;
  }

  function fieldWeight(field: FieldNode, parent: GraphQLNamedType): Weight {
    const definition = isObjectType(parent) || isInterfaceType(parent) ? parent.getFields()[field.name.value] : undefined;
    if (!definition) return { fixed: 0, each: 0 };
    const type = getNamedType(definition.type);
    const size = sizeOf(field, definition);
    const inner = field.selectionSet ? weightOf(field.selectionSet, type) : { fixed: 0, each: 0 };
    const one = ownCost(type, parent) + inner.fixed + size * inner.each;
    if (!isListType(getNullableType(definition.type))) return { fixed: one, each: 0 };
    return parent.name.endsWith('Connection') ? { fixed: 0, each: one } : { fixed: size * one, each: 0 };
  }

  function fragmentWeight(name: string): Weight {
    if (!found.has(name)) {
      const { typeCondition, selectionSet } = fragments.get(name)!;
      found.set(name, weightOf(selectionSet, schema.getType(typeCondition.name.value)!));
    }
    return found.get(name)!;
  }

  function weightOf({ selections }: SelectionSetNode, parent: GraphQLNamedType): Weight {
    const sum: Weight = { fixed: 0, each: 0 };
    for (const selection of selections) {
      const weight =
        selection.kind === Kind.FIELD
          ? fieldWeight(selection, parent)
          : selection.kind === Kind.FRAGMENT_SPREAD
            ? fragmentWeight(selection.name.value)
            : weightOf(selection.selectionSet, selection.typeCondition ? schema.getType(selection.typeCondition.name.value)! : parent);
      sum.fixed += weight.fixed;
      sum.each += weight.each;
    }
    return sum;
  }

  const { fixed, each } = weightOf(operation.selectionSet, root);
  return fixed + each;
}
