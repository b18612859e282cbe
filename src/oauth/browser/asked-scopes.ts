import type { ResourceServer } from '../../clients/resource-servers.ts'
import type { ScopeDescription } from '../../clients/scope-descriptions.ts'
import { PERSON_SCOPES } from '../accounts/claims.ts'

/** A scope that a person is asked about, with what its resource server says of it. */
export type AskedScope = { readonly name: string; readonly description?: ScopeDescription }

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
        texts: (await findResourceServer(identifier))?.scopeDescriptions ?? {},
      })),
    )
    return names.flatMap((name): AskedScope[] => {
      const asking = PERSON_SCOPES.includes(name) ? [] : servers.filter(({ asked }) => asked.includes(name))
      const described = asking.map(({ texts }) => (Object.hasOwn(texts, name) ? texts[name] : undefined))
      return described.length === 0 ? [{ name }] : unique(described).map((description) => toAsked(name, description))
    })
  }
}

function toAsked(name: string, description: ScopeDescription | undefined): AskedScope {
  return { name, ...(description && { description }) }
}

function unique(descriptions: readonly (ScopeDescription | undefined)[]): (ScopeDescription | undefined)[] {
  return [...new Map(descriptions.map((description) => [JSON.stringify(description), description])).values()]
}
