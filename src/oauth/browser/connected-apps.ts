import type { Audit } from '../../audit/events.ts'
import type { ClientLinks } from '../../client-links/client-links.ts'
import type { LastUse } from '../../client-links/link-rows.ts'
import type { ClientMetadata } from '../../clients/client.ts'
import type { ResourceServer } from '../../clients/resource-servers.ts'
import { Unavailable } from '../../http/unavailable.ts'
import type { Artifact, Storage } from '../../storage/storage.ts'
import { grantFacts } from '../accounts/grant-facts.ts'
import { listed, type TellOfLink } from '../links/link-consents.ts'
import type { TakenBack } from '../links/taken-back.ts'
import type { ActiveGrant, ActiveGrants } from '../sign-outs/active-grants.ts'
import type { EndSignIn } from '../sign-outs/end-sign-in.ts'
import type { AskedScope, DescribeScopes } from './asked-scopes.ts'
import { appName, type ClientFacts, clientFacts } from './ways-out.ts'

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
  /** When (epoch seconds), from where, and the resource server that was shown its token. Absent where it was never used. */
  readonly lastUse?: { readonly at: number; readonly ip?: string; readonly resource?: string }
  readonly grants: readonly ActiveGrant[]
}

/** What an app may do at a resource server; without a name: what it may know of the person. */
export type AllowedThere = { readonly resource?: string; readonly scopes: readonly AskedScope[] }

export type ConnectedAppsDeps = {
  readonly activeGrants: Pick<ActiveGrants, 'list'>
  readonly storage: Pick<Storage, 'get' | 'getMany' | 'swap'>
  readonly links: Pick<ClientLinks, 'usesOf' | 'consentsOf' | 'flush'>
  readonly audit: Audit
  readonly tell: TellOfLink
  readonly noteTaken: TakenBack['note']
  readonly findClient: (clientId: string) => Promise<ClientMetadata | undefined>
  readonly describeScopes: DescribeScopes
  readonly findResourceServer: (identifier: string) => Promise<ResourceServer | undefined>
  readonly endSignIn: EndSignIn
  /** Waits until the sign-ins of a moment ago can be found. */
  readonly flush: () => Promise<void>
}

export type ConnectedApps = ReturnType<typeof createConnectedApps>

/** Somebody who writes the same grant at the same time is waited for this often. */
const MOST_TRIES = 10
/** Without it a client would not know whose account it has. */
const KEPT_SCOPE = 'openid'

const PAGE = 1000

/** The apps that hold tokens of a customer, and taking their access back. */
export function createConnectedApps(deps: ConnectedAppsDeps) {
  const { activeGrants, storage, findClient, describeScopes, findResourceServer, endSignIn, flush, links } = deps

  /** All of them, without those of agents who act for the customer: these end by other rules. */
  async function grantsOf(customerId: string): Promise<ActiveGrant[]> {
    await Promise.all([flush(), links.flush()])
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

  /** The newest of these uses. */
  async function lastUseOf(uses: readonly LastUse[]): Promise<Pick<ConnectedApp, 'lastUse'>> {
    const [newest] = [...uses].sort((a, b) => b.atMs - a.atMs)
    if (!newest) return {}
    const { atMs, ip, usedFor } = newest
    const resource = (await findResourceServer(usedFor))?.resource_name
    const lastUse = {
      at: Math.floor(atMs / 1000),
      ...(ip !== undefined && { ip }),
      ...(resource !== undefined && { resource }),
    }
    return { lastUse }
  }

  return {
    async list(customerId: string): Promise<ConnectedApp[]> {
      const all = await grantsOf(customerId)
      const uses = await links.usesOf(all.map(({ id }) => id))
      const byClient = Map.groupBy(all, ({ clientId }) => clientId)
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
            ...(await lastUseOf(grants.flatMap(({ id }) => uses.get(id) ?? []))),
            grants,
          }
        }),
      )
    },

    /** Takes everything back that the customer granted to a client: it is asked for anew next time. False when there is nothing. */
    async withdraw(customerId: string, clientId: string): Promise<boolean> {
      const grants = await grantsAt(customerId, clientId)
      for (const { id: grantId, companyUserId } of grants) {
        const what = { of: 'grant', grantId, accountId: customerId, clientId, companyUserId } as const
        await endSignIn({ what, why: 'ended-by-customer' })
      }
      const client = await findClient(clientId)
      if (grants.length > 0 && client && client.first_party !== true)
        await deps.tell(customerId, { kind: 'app-withdrawn', app: appName(client) })
      return grants.length > 0
    },

    /** Takes some scopes back, from tokens of before as well. False when there is nothing to take. */
    async narrow(customerId: string, clientId: string, scopes: readonly string[]): Promise<boolean> {
      const taken = scopes.filter((name) => name !== KEPT_SCOPE)
      const grants = await grantsAt(customerId, clientId)
      // First: a client that comes again in between gets no more.
      const had = (await Promise.all(grants.map(({ id }) => scopesIn(storage, id)))).flat()
      const gone = [...new Set(taken)].filter((name) => had.includes(name))
      if (gone.length > 0) await deps.noteTaken(customerId, clientId, gone)
      const narrowed = await Promise.all(grants.map(({ id }) => narrowGrant(storage, id, taken)))
      const changed = grants.filter((_, index) => narrowed[index])
      for (const { id: grantId } of changed)
        deps.audit({ type: 'link.narrowed', customerId, clientId, grantId, reason: listed(taken) })
      return changed.length > 0
    },

    /** What there is to prove of the access of a client: what it may do, and what the customer was shown and allowed. */
    async evidence(customerId: string, clientId: string): Promise<object | undefined> {
      const consents = await links.consentsOf(customerId, clientId)
      const grants = await grantsAt(customerId, clientId)
      if (consents.length + grants.length === 0) return undefined
      const client = await findClient(clientId)
      const { name, host } = clientFacts(client ?? { client_id: clientId })
      const uses = await links.usesOf(grants.map(({ id }) => id))
      return {
        app: { id: clientId, name, ...(host !== undefined && { host }) },
        customer: customerId,
        access: grants.map(({ id, by, companyUserId, grantedAt, expiresAt }) => ({
          id,
          ...(by !== undefined && { by }),
          ...(companyUserId !== undefined && { companyUserId }),
          since: instant(grantedAt * 1000),
          until: instant(expiresAt * 1000),
          ...(uses.get(id) && { lastUsed: instant(uses.get(id)?.atMs ?? 0) }),
        })),
        consents: consents.map(({ grantId, atMs, scopes, digest, said }) => ({
          access: grantId,
          at: instant(atMs),
          scopes,
          ...(said && { language: said.language, text: said.text, digest }),
        })),
      }
    },
  }

  async function grantsAt(customerId: string, clientId: string): Promise<ActiveGrant[]> {
    return (await grantsOf(customerId)).filter((grant) => grant.clientId === clientId)
  }
}

/** True when the grant had one of these scopes; it keeps in mind that tokens of before have them no longer. */
async function narrowGrant(
  storage: Pick<Storage, 'get' | 'swap'>,
  grantId: string,
  taken: readonly string[],
): Promise<boolean> {
  for (let tries = 0; tries < MOST_TRIES; tries++) {
    const stored = await storage.get('Grant', grantId)
    if (!stored) return false
    const artifact = without(stored.artifact, taken)
    if (!artifact) return false
    const ttlSeconds = Math.max(1, Number(stored.artifact.exp) - Math.floor(Date.now() / 1000))
    if (await storage.swap('Grant', grantId, stored.version, { artifact, ttlSeconds })) return true
  }
  throw new Unavailable('storage', 'the grant is being written all the time')
}

/** Every scope that a grant gives. */
async function scopesIn(storage: Pick<Storage, 'get'>, grantId: string): Promise<readonly string[]> {
  // As the library stores a grant.
  const { openid, resources = {} } = ((await storage.get('Grant', grantId))?.artifact ?? {}) as StoredGrant
  return [...split(openid?.scope), ...Object.values(resources).flatMap(split)]
}

/** The grant without these scopes; undefined where it has none of them. */
function without(artifact: Artifact, taken: readonly string[]): Artifact | undefined {
  // As the library stores a grant.
  const { openid, resources = {} } = artifact as StoredGrant
  const left = (scope: string) =>
    split(scope)
      .filter((name) => !taken.includes(name))
      .join(' ')
  const had = [...split(openid?.scope), ...Object.values(resources).flatMap(split)].filter((name) =>
    taken.includes(name),
  )
  if (had.length === 0) return undefined
  const narrowed = [...new Set([...(grantFacts(artifact)?.narrowed ?? []), ...had])]
  return {
    ...artifact,
    ...(openid?.scope !== undefined && { openid: { ...openid, scope: left(openid.scope) } }),
    resources: Object.fromEntries(Object.entries(resources).map(([resource, scope]) => [resource, left(scope)])),
    narrowed,
  }
}

function split(scope = ''): string[] {
  return scope.split(' ').filter(Boolean)
}

function instant(atMs: number): string {
  return new Date(atMs).toISOString()
}

type StoredGrant = {
  readonly openid?: { readonly scope?: string }
  readonly resources?: Readonly<Record<string, string>>
}
