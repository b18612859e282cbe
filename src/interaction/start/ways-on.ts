import type { WaysOut } from '../../oauth/browser/ways-out.ts'
import type { HomeView } from '../page-views.ts'
import type { Branded } from '../pages.ts'
import { safeLink } from '../safe-link.ts'

/** How a page leads on to a client, in its colours. */
export function waysOn(client: WaysOut['client']): HomeView & Branded {
  return {
    clientName: client?.name,
    home: safeLink(client?.home),
    startAgain: safeLink(client?.start),
    clientBrand: client?.facts,
  }
}
