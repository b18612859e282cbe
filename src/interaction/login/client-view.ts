import type { Interaction } from '../../oauth/browser/interactions.ts'
import { safeLink } from '../safe-link.ts'
import type { ClientOrigin, ClientView } from '../views/sign-in.ts'

/** Of the shop's own clients, logo and links are those of the page. */
export function clientView({ name, isFirstParty, logoUri, policyUri, tosUri }: Interaction['client']): ClientView {
  if (isFirstParty) return { clientName: name }
  return { clientName: name, logo: safeLink(logoUri), policy: safeLink(policyUri), terms: safeLink(tosUri) }
}

/** Where a client of others comes from, and where a person is led after the answer. */
export function clientOrigin({ client, redirectUri }: Pick<Interaction, 'client' | 'redirectUri'>): ClientOrigin {
  const { host, isStranger, isSelfDescribed } = client
  if (client.isFirstParty) return {}
  const led = leadsTo(redirectUri)
  return {
    ...(host !== undefined && { host }),
    isAddedByShop: isStranger !== true,
    ...led,
    ...(led.leadsToDevice && isSelfDescribed && { mayBePretended: true }),
  }
}

const LOOPBACK = /^(?:localhost|127(?:\.\d+){3}|\[::1\])$/

/** A scheme of its own and a loopback address lead to a program on the person's device. */
function leadsTo(redirectUri: string | undefined): Pick<ClientOrigin, 'leadsTo' | 'leadsToDevice'> {
  if (redirectUri === undefined || !URL.canParse(redirectUri)) return {}
  const { protocol, host, hostname } = new URL(redirectUri)
  if (!/^https?:$/.test(protocol)) return { leadsToDevice: true }
  return LOOPBACK.test(hostname) ? { leadsTo: host, leadsToDevice: true } : { leadsTo: host }
}
