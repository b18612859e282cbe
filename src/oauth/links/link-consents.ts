import type { Context } from 'koa'
import type { Audit } from '../../audit/events.ts'
import type { ClientLinks } from '../../client-links/client-links.ts'
import type { Link, LinkConsent } from '../../client-links/link-rows.ts'
import type { ClientMetadata } from '../../clients/client.ts'
import { requestState } from '../../http/request-state.ts'
import type { ActiveGrants } from '../sign-outs/active-grants.ts'

/** What is told of a link to the customer whose it is. */
export type LinkNews = {
  readonly kind: 'app-linked' | 'app-widened' | 'app-withdrawn'
  /** The client, by its name and, where it has one, its host. */
  readonly app: string
}

export type TellOfLink = (customerId: string, news: LinkNews) => Promise<void>

export type LinkConsents = {
  /** A customer allowed something, on a page of this request. */
  note(consent: LinkConsent, ctx: Context): Promise<void>
  /** A customer did not allow it. */
  noteRefusal(link: Omit<Link, 'grantId'>, ctx: Context): void
}

export type LinkConsentsDeps = {
  readonly links: Pick<ClientLinks, 'consentsOf' | 'keepConsent'>
  readonly activeAmong: ActiveGrants['activeAmong']
  readonly findClient: (clientId: string) => Promise<ClientMetadata | undefined>
  readonly audit: Audit
  readonly tell: TellOfLink
  /** A client as a letter names it. */
  readonly nameApp: (client: ClientMetadata) => string
}

/**
 * Keeps what customers were shown and allowed, and tells of what is new by it: the first link with a client, or more than it had.
 * Another browser that allows the same again is no news.
 */
export function createLinkConsents(deps: LinkConsentsDeps): LinkConsents {
  const { links, activeAmong, findClient, audit, tell, nameApp } = deps
  return {
    async note(consent, ctx) {
      const { customerId, clientId, grantId, scopes } = consent
      const client = await findClient(clientId)
      if (!client || client.first_party === true) return
      const before = await links.consentsOf(customerId, clientId)
      const alive = await activeAmong([...new Set(before.map((each) => each.grantId))])
      const known = before.filter((each) => alive.has(each.grantId))
      const { digest, said } = await links.keepConsent(consent)
      const more = scopes.filter((name) => !known.some((each) => each.scopes.includes(name)))
      if (known.length > 0 && more.length === 0) return
      const isFirst = known.length === 0
      audit({
        type: isFirst ? 'link.created' : 'link.widened',
        ...whose({ customerId, clientId }, ctx),
        grantId,
        reason: `${listed(more)}; consent text ${digest} in ${said.language}`,
      })
      await tell(customerId, { kind: isFirst ? 'app-linked' : 'app-widened', app: nameApp(client) })
    },
    noteRefusal(link, ctx) {
      audit({ type: 'link.refused', ...whose(link, ctx) })
    },
  }
}

/** Scopes as the trail names them; a long list is cut. */
export function listed(scopes: readonly string[]): string {
  return scopes.length === 0 ? 'no scope' : scopes.join(' ').slice(0, 500)
}

function whose({ customerId, clientId }: Omit<Link, 'grantId'>, ctx: Context) {
  return { customerId, clientId, ip: ctx.ip, requestId: requestState(ctx).requestId }
}
