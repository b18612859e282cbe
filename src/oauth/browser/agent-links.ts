import { type Client, type Grant, interactionPolicy, type KoaContextWithOIDC, type Provider } from 'oidc-provider'
import { isAgentPlatform } from '../../clients/agent-platform.ts'
import type { ClientMetadata } from '../../clients/client.ts'
import type { Storage } from '../../storage/storage.ts'
import { familyTtlSeconds, LIFETIMES } from '../tokens/lifetimes.ts'

const KIND = 'AgentLink'

/** Who granted a link, to whom, and for which company. */
export type LinkOwner = {
  readonly accountId: string
  readonly clientId: string
  readonly companyUserId?: string | undefined
}

export type AgentLinks = ReturnType<typeof createAgentLinks>

/**
 * The grants of people to platforms whose agents act for them. A browser session knows only what was granted in it, and a link outlives
 * that: another authorization by the same person, in whatever browser, finds the same grant and adds to it.
 */
export function createAgentLinks(storage: Pick<Storage, 'get' | 'put'>) {
  return {
    /** The id of the grant, which may have ended since. */
    async find(owner: LinkOwner): Promise<string | undefined> {
      const grantId = (await storage.get(KIND, nameOf(owner)))?.artifact.grantId
      return typeof grantId === 'string' ? grantId : undefined
    },

    /** Keeps a grant to which the person has just said yes as their link, for as long as tokens of today can be refreshed. */
    async keep(
      grant: Grant,
      { owner, client }: { readonly owner: LinkOwner; readonly client: Client },
    ): Promise<Grant> {
      const { companyUserId } = owner
      const metadata = client as unknown as ClientMetadata // its members are ours, too
      const ttlSeconds = familyTtlSeconds(metadata) + LIFETIMES.grantMargin
      const exp = Math.floor(Date.now() / 1000) + ttlSeconds
      Object.assign(grant, { isLink: true, exp, ...(companyUserId !== undefined && { companyUserId }) })
      await grant.save()
      await storage.put(KIND, nameOf(owner), { grantId: grant.jti }, ttlSeconds)
      return grant
    },
  }
}

function nameOf({ accountId, clientId, companyUserId }: LinkOwner): string {
  return JSON.stringify([clientId, accountId, companyUserId ?? null])
}

/** What an authorization request asks for, where people are asked each time. */
export type AskedEachTime = {
  readonly oidcScopes: readonly string[]
  readonly resourceScopes: Readonly<Record<string, readonly string[]>>
}

/** People say each time what agents may do for them, also where they said so before: nobody else sees what becomes of it. */
export function askedEachTime(): interactionPolicy.Check {
  return new interactionPolicy.Check(
    'agent_platform',
    'people are asked each time what an agent may do for them',
    'consent_required',
    ({ oidc }) => isAgentPlatform(oidc.client) && !oidc.result?.consent,
    ({ oidc }) => (isAgentPlatform(oidc.client) ? { asked: askedOf(oidc) } : {}),
  )
}

function askedOf({ requestParamOIDCScopes, requestParamScopes, resourceServers = {} }: KoaContextWithOIDC['oidc']) {
  const resourceScopes = Object.entries(resourceServers).map(([identifier, { scopes }]) => [
    identifier,
    [...requestParamScopes].filter((scope) => scopes.has(scope)),
  ])
  return { oidcScopes: [...requestParamOIDCScopes], resourceScopes: Object.fromEntries(resourceScopes) }
}

/**
 * A platform asks for the scopes that it lacks and counts on those that it has. The code of a link gives both, at the resources that are
 * asked for; what a policy of a scope forbids by now is left out when the token is made.
 */
export function widenLinks(provider: Provider): void {
  provider.on('authorization.accepted', ({ oidc }) => {
    const { Grant: grant } = oidc.entities
    const { params } = oidc
    if (!grant || !params || !isAgentPlatform(oidc.client)) return
    const there = Object.keys(oidc.resourceServers ?? {}).map((identifier) => grant.getResourceScope(identifier))
    const granted = [grant.getOIDCScope(), ...there].join(' ').split(' ').filter(Boolean)
    params.scope = [...new Set([...oidc.requestParamScopes, ...granted])].join(' ')
  })
}
