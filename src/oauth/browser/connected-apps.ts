import type { ClientMetadata } from '../../clients/client.ts'
import type { Storage } from '../../storage/storage.ts'
import type { ActiveGrant, ActiveGrants } from '../sign-outs/active-grants.ts'
import type { EndSignIn } from '../sign-outs/end-sign-in.ts'
import type { AskedScope, DescribeScopes } from './asked-scopes.ts'

/** A client with access to a customer's account. */
export type ConnectedApp = {
  readonly clientId: string
  readonly name: string
  /** The shop's own: nobody was asked what it may do. */
  readonly isFirstParty: boolean
  readonly scopes: readonly AskedScope[]
  /** Epoch seconds of the oldest access that is alive. */
  readonly since: number
  /** Company users that it acts as. */
  readonly companyUserIds: readonly string[]
}

export type ConnectedAppsDeps = {
  readonly activeGrants: Pick<ActiveGrants, 'list'>
  readonly storage: Pick<Storage, 'getMany'>
  readonly findClient: (clientId: string) => Promise<ClientMetadata | undefined>
  readonly describeScopes: DescribeScopes
  readonly endSignIn: EndSignIn
  /** Waits until the sign-ins of a moment ago can be found. */
  readonly flush: () => Promise<void>
}

export type ConnectedApps = ReturnType<typeof createConnectedApps>

const PAGE = 1000

/** The apps that hold tokens of a customer, and taking their access back. */
export function createConnectedApps(deps: ConnectedAppsDeps) {
  const { activeGrants, storage, findClient, describeScopes, endSignIn, flush } = deps

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

  async function scopesOf(grants: readonly ActiveGrant[]): Promise<readonly AskedScope[]> {
    const stored = await storage.getMany(grants.map(({ id }) => ({ kind: 'Grant', id })))
    // As the library stores a grant.
    const artifacts = stored.map((each) => (each?.artifact ?? {}) as StoredGrant)
    const byResource = new Map<string, Set<string>>()
    for (const { resources = {} } of artifacts) {
      for (const [resource, scope] of Object.entries(resources))
        byResource.set(resource, new Set([...(byResource.get(resource) ?? []), ...scope.split(' ')]))
    }
    const asked = Object.fromEntries([...byResource].map(([resource, scopes]) => [resource, [...scopes]]))
    const oidc = artifacts.flatMap(({ openid }) => openid?.scope?.split(' ') ?? [])
    return describeScopes([...new Set([...oidc, ...Object.values(asked).flat()])].filter(Boolean), asked)
  }

  return {
    async list(customerId: string): Promise<ConnectedApp[]> {
      const byClient = Map.groupBy(await grantsOf(customerId), ({ clientId }) => clientId)
      return Promise.all(
        [...byClient].map(async ([clientId, grants]) => {
          const client = await findClient(clientId)
          return {
            clientId,
            name: client?.client_name ?? clientId,
            isFirstParty: client?.first_party === true,
            scopes: await scopesOf(grants),
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
