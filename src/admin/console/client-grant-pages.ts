import type { ActiveGrant } from '../../oauth/sign-outs/active-grants.ts'
import { clientPath } from './client-pages.ts'
import { confirmPage } from './confirm-page.ts'
import { type Listing, listAddress, pageLinks } from './listing.ts'
import type { ConsolePage } from './page.ts'

/** Who is signed in to a client, and ending one of these sign-ins. */
export const clientGrantPages: readonly ConsolePage[] = [
  {
    path: '/clients/:clientId/grants',
    async open(request) {
      const { clientId = '' } = request.params
      const address = listAddress(request, '/v1/grants', { clientId })
      const { items, next } = await request.api.get<Listing<ActiveGrant>>(address)
      const view = { clientId, of: 'client', base: clientPath(request), grants: items, ...pageLinks(request, next) }
      request.show('client-grants', { title: 'Sign-ins of a client', ...view })
    },
  },
  confirmPage({
    path: '/clients/:clientId/grants/:id/end',
    ask: (request) => ({
      title: 'End this sign-in',
      subject: request.params.id ?? '',
      consequence: 'All of its tokens stop working at once. Other sign-ins continue.',
      button: 'End it',
      isDangerous: true,
      back: `${clientPath(request)}/grants`,
    }),
    act: (request) => request.api.send('POST', `/v1/grants/${encodeURIComponent(request.params.id ?? '')}/revoke`),
    done: 'grant-ended',
  }),
]
