import {
  type DefinitionNode,
  type DocumentNode,
  type FragmentDefinitionNode,
  GraphQLError,
  Kind,
  Lexer,
  type SelectionNode,
  type SelectionSetNode,
  Source,
  TokenKind,
} from 'graphql'

/**
 * More than any storefront asks of a schema of a dozen fields; the query of tools that ask for the schema itself fits. The
 * library compares fields with each other, so that a document of few kilobytes could cost seconds: what is beyond is
 * refused before it is parsed or validated.
 */
export const LIMITS = {
  bytes: 16_384,
  tokens: 500,
  /** Of brackets, which the parser follows by calling itself. */
  nesting: 40,
  depth: 15,
  aliases: 30,
  fragments: 10,
  /** With fragments written out. */
  fields: 400,
  mutations: 3,
} as const

/** Why a text is not parsed; undefined when it may be. What is no GraphQL is left to the parser. */
export function textExcess(query: string): GraphQLError | undefined {
  if (Buffer.byteLength(query) > LIMITS.bytes) return excess('length', `${LIMITS.bytes} bytes`)
  const lexer = new Lexer(new Source(query))
  let nesting = 0
  try {
    for (let tokens = 1; lexer.advance().kind !== TokenKind.EOF; tokens++) {
      if (tokens > LIMITS.tokens) return excess('tokens', LIMITS.tokens)
      nesting += NESTING[lexer.token.kind] ?? 0
      if (nesting > LIMITS.nesting) return excess('nesting', LIMITS.nesting)
    }
  } catch (error) {
    if (!(error instanceof GraphQLError)) throw error
  }
  return undefined
}

const NESTING: Partial<Record<TokenKind, 1 | -1>> = {
  [TokenKind.BRACE_L]: 1,
  [TokenKind.BRACKET_L]: 1,
  [TokenKind.PAREN_L]: 1,
  [TokenKind.BRACE_R]: -1,
  [TokenKind.BRACKET_R]: -1,
  [TokenKind.PAREN_R]: -1,
}

/** Why a document is not validated; undefined when it may be. */
export function documentExcess({ definitions }: DocumentNode): GraphQLError | undefined {
  const fragments = definitions.filter(isFragment)
  if (fragments.length > LIMITS.fragments) return excess('fragments', LIMITS.fragments)
  const circle = fragments.find(({ name }) => isInCircle(name.value, fragments))
  if (circle) return new GraphQLError(`Cannot spread fragment "${circle.name.value}" within itself.`)

  const measure = createMeasure(fragments)
  let [fields, aliases] = [0, 0]
  for (const definition of definitions) {
    if (definition.kind !== Kind.OPERATION_DEFINITION) continue
    const measured = measure(definition.selectionSet)
    fields += measured.fields
    aliases += measured.aliases
    if (measured.depth > LIMITS.depth) return excess('depth', LIMITS.depth)
    if (definition.operation === 'mutation' && measured.atTop > LIMITS.mutations)
      return new GraphQLError(`Max mutations in a request should be ${LIMITS.mutations} or less.`, INPUT)
  }
  if (aliases > LIMITS.aliases) return excess('aliases', LIMITS.aliases)
  return fields > LIMITS.fields ? excess('fields', LIMITS.fields) : undefined
}

const INPUT = { extensions: { category: 'graphql-input' } } as const

function excess(what: string, most: number | string): GraphQLError {
  return new GraphQLError(`Max query ${what} should be ${most} or less.`, INPUT)
}

function isFragment(definition: DefinitionNode): definition is FragmentDefinitionNode {
  return definition.kind === Kind.FRAGMENT_DEFINITION
}

/** Whether a fragment leads to itself. There are few. */
function isInCircle(name: string, fragments: readonly FragmentDefinitionNode[]): boolean {
  const reached = new Set<string>()
  const open = [name]
  for (let from = open.pop(); from !== undefined; from = open.pop()) {
    for (const fragment of fragments.filter((each) => each.name.value === from)) {
      for (const next of spreadsIn(fragment.selectionSet)) {
        if (next === name) return true
        if (!reached.has(next)) open.push(next)
        reached.add(next)
      }
    }
  }
  return false
}

function spreadsIn({ selections }: SelectionSetNode): string[] {
  return selections.flatMap((selection) => {
    if (selection.kind === Kind.FRAGMENT_SPREAD) return [selection.name.value]
    return selection.selectionSet ? spreadsIn(selection.selectionSet) : []
  })
}

/** What a selection holds, fragments written out: how deep it nests, its fields in all and at its top, its aliases. */
type Measured = {
  readonly depth: number
  readonly fields: number
  readonly atTop: number
  readonly aliases: number
}

const NOTHING: Measured = { depth: 0, fields: 0, atTop: 0, aliases: 0 }

/** Measures selections. Each fragment is measured once: otherwise fragments that double each other would cost. */
function createMeasure(fragments: readonly FragmentDefinitionNode[]) {
  const measured = new Map<string, Measured>()

  function measure({ selections }: SelectionSetNode): Measured {
    return selections.map(measureOne).reduce(
      (total, one) => ({
        depth: Math.max(total.depth, one.depth),
        fields: total.fields + one.fields,
        atTop: total.atTop + one.atTop,
        aliases: total.aliases + one.aliases,
      }),
      NOTHING,
    )
  }

  function measureOne(selection: SelectionNode): Measured {
    if (selection.kind === Kind.INLINE_FRAGMENT) return measure(selection.selectionSet)
    if (selection.kind === Kind.FRAGMENT_SPREAD) return measureFragment(selection.name.value)
    const inner = selection.selectionSet ? measure(selection.selectionSet) : NOTHING
    return {
      depth: 1 + inner.depth,
      fields: 1 + inner.fields,
      atTop: 1,
      aliases: inner.aliases + (selection.alias ? 1 : 0),
    }
  }

  function measureFragment(name: string): Measured {
    const known = measured.get(name)
    if (known) return known
    const fragment = fragments.find((each) => each.name.value === name)
    const found = fragment ? measure(fragment.selectionSet) : NOTHING
    measured.set(name, found)
    return found
  }

  return measure
}
