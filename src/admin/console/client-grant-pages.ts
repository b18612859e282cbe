import type { ActiveGrant } from '../../oauth/sign-outs/active-grants.ts'
import { clientPath } from './client-pages.ts'
import { confirmPage } from './confirm-page.ts'
import { type Listing, listAddress, pageLinks } from './listing.ts'
import type { ConsolePage } from './page.ts'

/** Who is signed in to a client, and ending one of these sign-ins. */
export const clientGrantPages: readonly ConsolePage[] = [
  {
    path: '/clients/:clientId/grants',
    async open(visit) {
      const { clientId = '' } = visit.params
      const address = listAddress(visit, '/v1/grants', { clientId })
      const { items, next } = await visit.api.get<Listing<ActiveGrant>>(address)
      const view = { clientId, of: 'client', base: clientPath(visit), grants: items, ...pageLinks(visit, next) }
      visit.show('client-grants', { title: 'Sign-ins of a client', ...view })
    },
  },
  confirmPage({
    path: '/clients/:clientId/grants/:id/end',
    ask: (visit) => ({
      title: 'End this sign-in',
      subject: visit.params.id ?? '',
      consequence: 'Every token under it is dead at its next use. Other sign-ins go on.',
      button: 'End it',
      isDangerous: true,
      back: `${clientPath(visit)}/grants`,
    }),
    act: (visit) => visit.api.send('POST', `/v1/grants/${encodeURIComponent(visit.params.id ?? '')}/revoke`),
    done: 'grant-ended',
  }),
]
