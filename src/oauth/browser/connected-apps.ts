import type { ClientMetadata } from '../../clients/client.ts'
import type { ResourceServer } from '../../clients/resource-servers.ts'
import type { Storage } from '../../storage/storage.ts'
import type { ActiveGrant, ActiveGrants } from '../sign-outs/active-grants.ts'
import type { EndSignIn } from '../sign-outs/end-sign-in.ts'
import type { AskedScope, DescribeScopes } from './asked-scopes.ts'
import { type ClientFacts, clientFacts } from './ways-out.ts'

/** A client with access to a customer's account. */
export type ConnectedApp = Pick<ClientFacts, 'name' | 'isFirstParty' | 'host'> & {
  readonly clientId: string
  /** An operator registered it. */
  readonly isAddedByShop: boolean
  /** What it may do, by the resource server where it may. */
  readonly allowed: readonly AllowedThere[]
  /** The grant types by which it got access; empty where the trail does not remember. */
  readonly by: readonly string[]
  /** Epoch seconds of the oldest access that is alive. */
  readonly since: number
  /** Company users that it acts as. */
  readonly companyUserIds: readonly string[]
}

/** What an app may do at a resource server; without a name: what it may know of the person. */
export type AllowedThere = { readonly resource?: string; readonly scopes: readonly AskedScope[] }

export type ConnectedAppsDeps = {
  readonly activeGrants: Pick<ActiveGrants, 'list'>
  readonly storage: Pick<Storage, 'getMany'>
  readonly findClient: (clientId: string) => Promise<ClientMetadata | undefined>
  readonly describeScopes: DescribeScopes
  readonly findResourceServer: (identifier: string) => Promise<ResourceServer | undefined>
  readonly endSignIn: EndSignIn
  /** Waits until the sign-ins of a moment ago can be found. */
  readonly flush: () => Promise<void>
}

export type ConnectedApps = ReturnType<typeof createConnectedApps>

const PAGE = 1000

/** The apps that hold tokens of a customer, and taking their access back. */
export function createConnectedApps(deps: ConnectedAppsDeps) {
  const { activeGrants, storage, findClient, describeScopes, findResourceServer, endSignIn, flush } = deps

  /** All of them, without those of agents who act for the customer: these end by other rules. */
  async function grantsOf(customerId: string): Promise<ActiveGrant[]> {
    await flush()
    const grants: ActiveGrant[] = []
    let cursor: string | undefined
    do {
      const page = await activeGrants.list({ customerId }, { limit: PAGE, ...(cursor !== undefined && { cursor }) })
      grants.push(...page.items.filter(({ agentId }) => agentId === undefined))
      cursor = page.next
    } while (cursor !== undefined)
    return grants
  }

  async function allowedTo(grants: readonly ActiveGrant[]): Promise<readonly AllowedThere[]> {
    const stored = await storage.getMany(grants.map(({ id }) => ({ kind: 'Grant', id })))
    // As the library stores a grant.
    const artifacts = stored.map((each) => (each?.artifact ?? {}) as StoredGrant)
    const byResource = new Map<string, Set<string>>()
    for (const { resources = {} } of artifacts) {
      for (const [resource, scope] of Object.entries(resources))
        byResource.set(resource, new Set([...(byResource.get(resource) ?? []), ...scope.split(' ').filter(Boolean)]))
    }
    const ofResources = new Set([...byResource.values()].flatMap((scopes) => [...scopes]))
    const oidc = new Set(artifacts.flatMap(({ openid }) => openid?.scope?.split(' ').filter(Boolean) ?? []))
    const person = await describeScopes(
      [...oidc].filter((name) => !ofResources.has(name)),
      {},
    )
    const there = await Promise.all(
      [...byResource].map(async ([identifier, names]) => ({
        resource: (await findResourceServer(identifier))?.resource_name ?? identifier,
        scopes: await describeScopes([...names], { [identifier]: [...names] }),
      })),
    )
    return [{ scopes: person }, ...there].filter(({ scopes }) => scopes.length > 0)
  }

  return {
    async list(customerId: string): Promise<ConnectedApp[]> {
      const byClient = Map.groupBy(await grantsOf(customerId), ({ clientId }) => clientId)
      return Promise.all(
        [...byClient].map(async ([clientId, grants]) => {
          const facts = clientFacts((await findClient(clientId)) ?? { client_id: clientId })
          const { name, isFirstParty, isStranger, host } = facts
          return {
            clientId,
            name,
            isFirstParty,
            isAddedByShop: isStranger !== true,
            ...(host !== undefined && { host }),
            allowed: await allowedTo(grants),
            by: [...new Set(grants.flatMap(({ by }) => by ?? []))],
            since: Math.min(...grants.map(({ grantedAt }) => grantedAt)),
            companyUserIds: [...new Set(grants.flatMap(({ companyUserId }) => companyUserId ?? []))],
          }
        }),
      )
    },

    /** Takes everything back that the customer granted to a client: it is asked for anew next time. False when there is nothing. */
    async withdraw(customerId: string, clientId: string): Promise<boolean> {
      const grants = (await grantsOf(customerId)).filter((grant) => grant.clientId === clientId)
      for (const { id: grantId, companyUserId } of grants) {
        const what = { of: 'grant', grantId, accountId: customerId, clientId, companyUserId } as const
        await endSignIn({ what, why: 'ended-by-customer' })
      }
      return grants.length > 0
    },
  }
}

type StoredGrant = {
  readonly openid?: { readonly scope?: string }
  readonly resources?: Readonly<Record<string, string>>
}
