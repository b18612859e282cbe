import type { Context } from 'koa'
import type { Grant } from 'oidc-provider'
import type { Audit } from '../../audit/events.ts'
import type { ClientLinks } from '../../client-links/client-links.ts'
import type { Link, LinkConsent } from '../../client-links/link-rows.ts'
import type { ClientMetadata } from '../../clients/client.ts'
import { requestState } from '../../http/request-state.ts'
import { grantFacts } from '../accounts/grant-facts.ts'
import type { ActiveGrants } from '../sign-outs/active-grants.ts'

/** What is told of a link to the customer whose it is. */
export type LinkNews = {
  readonly kind: 'app-linked' | 'app-widened' | 'app-withdrawn'
  /** The client, by its name and, where it has one, its host. */
  readonly app: string
}

export type TellOfLink = (customerId: string, news: LinkNews) => Promise<void>

/** How customers let software in, as the trail says it. */
const WAYS = {
  page: 'on the consent page',
  device: 'on the consent page, for a device',
  approval: 'by an approval in the account',
  linking: 'by account linking',
  assertion: 'by an assertion of a trusted issuer',
} as const

export type LinkWay = keyof typeof WAYS

export type LinkConsents = {
  /** A customer allowed something, in this request. */
  note(consent: LinkConsent & { readonly way: LinkWay }, ctx: Context): Promise<void>
  /** The same of a new grant that has all that was allowed, where the consent page was not shown. */
  noteGrant(grant: Grant, way: LinkWay, ctx: Context): Promise<void>
  /** A customer did not allow it. */
  noteRefusal(link: Omit<Link, 'grantId'>, ctx: Context): void
}

export type LinkConsentsDeps = {
  readonly links: Pick<ClientLinks, 'keepConsent'>
  readonly activeAmong: ActiveGrants['activeAmong']
  readonly findClient: (clientId: string) => Promise<ClientMetadata | undefined>
  readonly audit: Audit
  readonly tell: TellOfLink
  /** A client as a letter names it. */
  readonly nameApp: (client: ClientMetadata) => string
}

/**
 * Keeps what customers were shown and allowed, and tells of what is new by it: the first link with a client, or more than it had.
 * Another browser that allows the same again is no news, nor is the same by another way. Every way to a link ends here.
 */
export function createLinkConsents(deps: LinkConsentsDeps): LinkConsents {
  const { links, activeAmong, findClient, audit, tell, nameApp } = deps
  const note: LinkConsents['note'] = async ({ way, ...consent }, ctx) => {
    const { customerId, clientId, grantId, scopes } = consent
    const client = await findClient(clientId)
    if (!client || client.first_party === true) return
    // Its grant is stored by now, so that another request at the same moment finds this one.
    const { kept, before } = await links.keepConsent(consent)
    const alive = await activeAmong([...new Set(before.map((each) => each.grantId))])
    const known = before.filter((each) => alive.has(each.grantId))
    const more = scopes.filter((name) => !known.some((each) => each.scopes.includes(name)))
    if (known.length > 0 && more.length === 0) return
    const isFirst = known.length === 0
    const text = kept.said ? `; consent text ${kept.digest} in ${kept.said.language}` : ''
    audit({
      type: isFirst ? 'link.created' : 'link.widened',
      ...whose({ customerId, clientId }, ctx),
      grantId,
      reason: `${listed(more)}; ${WAYS[way]}${text}`,
    })
    await tell(customerId, { kind: isFirst ? 'app-linked' : 'app-widened', app: nameApp(client) })
  }

  return {
    note,
    async noteGrant(grant, way, ctx) {
      const { accountId: customerId, clientId, jti: grantId } = grant
      if (customerId === undefined || clientId === undefined) throw new Error('a link is of a customer and a client')
      // Not later than the grant: what the customer takes back meanwhile stays taken back.
      const atMs = grantFacts(grant)?.createdAtMs
      await note({ customerId, clientId, grantId, scopes: scopesIn(grant), way, ...(atMs && { atMs }) }, ctx)
    },
    noteRefusal(link, ctx) {
      audit({ type: 'link.refused', ...whose(link, ctx) })
    },
  }
}

function scopesIn({ openid, resources = {} }: Grant): string[] {
  const names = [openid?.scope, ...Object.values(resources)].flatMap((scope) => scope?.split(' ') ?? [])
  return [...new Set(names.filter(Boolean))]
}

/** Scopes as the trail names them; a long list is cut. */
export function listed(scopes: readonly string[]): string {
  return scopes.length === 0 ? 'no scope' : scopes.join(' ').slice(0, 500)
}

function whose({ customerId, clientId }: Omit<Link, 'grantId'>, ctx: Context) {
  return { customerId, clientId, ip: ctx.ip, requestId: requestState(ctx).requestId }
}
