import type { Interaction } from '../../oauth/browser/interactions.ts'
import { safeLink } from '../safe-link.ts'
import type { ClientView } from '../views/sign-in.ts'

/** Of the shop's own clients, logo and links are those of the page. */
export function clientView({ name, isFirstParty, logoUri, policyUri, tosUri }: Interaction['client']): ClientView {
  if (isFirstParty) return { clientName: name }
  return { clientName: name, logo: safeLink(logoUri), policy: safeLink(policyUri), terms: safeLink(tosUri) }
}
