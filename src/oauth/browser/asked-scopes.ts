import type { ResourceServer } from '../../clients/resource-servers.ts'
import type { ScopeDescription } from '../../clients/scope-descriptions.ts'
import { PERSON_SCOPES } from '../accounts/claims.ts'

/** A scope that a person is asked about, with what its resource server says of it. */
export type AskedScope = {
  readonly name: string
  readonly description?: ScopeDescription
  /** Whose it is, where its name is that of a capability: people are not shown such names. Empty where that has no name. */
  readonly resource?: string
}

/** A name with dots, a colon, and what may be done: `com.example.loyalty:points`. */
const CAPABILITY = /^[^:]+\.[^:]*:/

/** Scopes by the identifier of the resource server they are asked for. */
type ByResource = Readonly<Record<string, readonly string[]>>

/** Looks up what pages say of scopes: `names`, of which those in `byResource` are asked for there. */
export type DescribeScopes = (names: readonly string[], byResource: ByResource) => Promise<AskedScope[]>

/**
 * A scope that two resource servers have is shown once for each description, so that none stands for the other. What a scope
 * says of a person is told by our own texts.
 */
export function createDescribeScopes(
  findResourceServer: (identifier: string) => Promise<ResourceServer | undefined>,
): DescribeScopes {
  return async function describeScopes(names, byResource) {
    const servers = await Promise.all(
      Object.entries(byResource).map(async ([identifier, asked]) => ({
        asked,
        ...describing(identifier, await findResourceServer(identifier)),
      })),
    )
    return names.flatMap((name): AskedScope[] => {
      const asking = PERSON_SCOPES.includes(name) ? [] : servers.filter(({ asked }) => asked.includes(name))
      const described = asking.map((server) => toAsked(name, server))
      return described.length === 0 ? [toAsked(name)] : unique(described)
    })
  }
}

type Describing = { readonly texts: Readonly<Record<string, ScopeDescription>>; readonly resource: string }

/** What a resource server says of its scopes, and what people may call it. */
function describing(identifier: string, server: ResourceServer | undefined): Describing {
  const host = URL.canParse(identifier) ? new URL(identifier).host : ''
  return { texts: server?.scopeDescriptions ?? {}, resource: server?.resource_name ?? host }
}

function toAsked(name: string, { texts, resource }: Describing = { texts: {}, resource: '' }): AskedScope {
  const description = Object.hasOwn(texts, name) ? texts[name] : undefined
  return { name, ...(description && { description }), ...(CAPABILITY.test(name) && { resource }) }
}

function unique(scopes: readonly AskedScope[]): AskedScope[] {
  return [...new Map(scopes.map((scope) => [JSON.stringify(scope), scope])).values()]
}
