import {
  type ASTVisitor,
  type FieldNode,
  GraphQLError,
  Kind,
  type SelectionSetNode,
  type ValidationContext,
} from 'graphql'

/** More than any storefront asks of these few fields; a document beyond is refused before anything runs. */
export const LIMITS = { tokens: 2000, depth: 15, aliases: 30, mutations: 3 } as const

/**
 * A validation rule that bounds what one document may cost: how deep it nests, how often it renames fields, and how
 * many mutations it holds, each of which may check a password.
 */
export function boundedDocument(context: ValidationContext): ASTVisitor {
  let aliases = 0
  const measure = createMeasure(context)
  const refuse = (message: string) =>
    context.reportError(new GraphQLError(message, { extensions: { category: 'graphql-input' } }))
  return {
    Field(field: FieldNode) {
      if (!field.alias) return
      aliases += 1
      if (aliases === LIMITS.aliases + 1) refuse(`Max query aliases should be ${LIMITS.aliases} or less.`)
    },
    OperationDefinition({ operation, selectionSet }) {
      const { depth, fields } = measure(selectionSet)
      if (depth > LIMITS.depth) refuse(`Max query depth should be ${LIMITS.depth} or less.`)
      if (operation === 'mutation' && fields > LIMITS.mutations) {
        refuse(`Max mutations in a request should be ${LIMITS.mutations} or less.`)
      }
    },
  }
}

/** How deep a selection nests, and how many fields stand at its top. */
type Measure = { readonly depth: number; readonly fields: number }

const NOTHING: Measure = { depth: 0, fields: 0 }

/** Measures selections, fragments followed. Each fragment is measured once: otherwise doubling spreads would cost. */
function createMeasure(context: ValidationContext): (set: SelectionSetNode) => Measure {
  const measured = new Map<string, Measure>()

  function measure({ selections }: SelectionSetNode): Measure {
    return selections.reduce((total, selection) => {
      const inner = measureOne(selection)
      return { depth: Math.max(total.depth, inner.depth), fields: total.fields + inner.fields }
    }, NOTHING)
  }

  function measureOne(selection: SelectionSetNode['selections'][number]): Measure {
    if (selection.kind === Kind.INLINE_FRAGMENT) return measure(selection.selectionSet)
    if (selection.kind === Kind.FRAGMENT_SPREAD) return measureFragment(selection.name.value)
    return { depth: 1 + (selection.selectionSet ? measure(selection.selectionSet).depth : 0), fields: 1 }
  }

  function measureFragment(name: string): Measure {
    const known = measured.get(name)
    const fragment = context.getFragment(name)
    if (known || !fragment) return known ?? NOTHING
    // Counts as nothing inside itself; a rule of the specification refuses such a circle.
    measured.set(name, NOTHING)
    const found = measure(fragment.selectionSet)
    measured.set(name, found)
    return found
  }

  return measure
}
