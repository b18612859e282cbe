import type { ShownMandate, ShownMandateWithHolds } from '../../routes/people/mandate-routes.ts'
import { confirmPage } from '../confirm-page.ts'
import { type Listing, listAddress, pageLinks, searchOf } from '../listing.ts'
import type { ConsolePage, ConsoleRequest } from '../page.ts'

const BASE = '/console/mandates'
const FIELDS = ['customer', 'clientId']

/** What customers let clients buy: a list, one with its orders, and withdrawing it. */
export const mandatePages: readonly ConsolePage[] = [
  {
    path: '/mandates',
    async open(request) {
      const search = searchOf(request, FIELDS)
      const answer = await request.api.send<Listing<ShownMandate>>('GET', listAddress(request, '/v1/mandates', search))
      const problem = answer.outcome === 'refused' ? answer.problem : undefined
      const { items, next } = answer.outcome === 'done' ? answer.body : { items: [] }
      request.show(
        'mandates',
        { title: 'Mandates', search, mandates: items, problem, ...pageLinks(request, next, search) },
        { status: problem?.status ?? 200 },
      )
    },
  },
  {
    path: '/mandates/:id',
    async open(request) {
      const mandate = await request.api.get<ShownMandateWithHolds>(pathOf(request))
      request.show('mandate', { title: 'Mandate', mandate })
    },
  },
  confirmPage({
    path: '/mandates/:id/withdraw',
    ask: async (request) => {
      const { clientId, customerId } = await request.api.get<ShownMandateWithHolds>(pathOf(request))
      return {
        title: 'Withdraw this mandate',
        subject: `${clientId} for customer ${customerId}`,
        consequence:
          'The client can buy nothing more under it: what is held is released, and its tokens stop working at once. The customer is told.',
        button: 'Withdraw it',
        isDangerous: true,
        back: BASE,
      }
    },
    act: (request) => request.api.send('POST', `${pathOf(request)}/withdraw`),
    done: 'mandate-withdrawn',
  }),
]

function pathOf({ params: { id = '' } }: ConsoleRequest): string {
  return `/v1/mandates/${encodeURIComponent(id)}`
}
