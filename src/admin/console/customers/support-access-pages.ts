import type { ShownSupportAccess } from '../../routes/support-access-routes.ts'
import { confirmPage } from '../confirm-page.ts'
import { type Listing, listAddress, pageLinks, searchOf } from '../listing.ts'
import type { ConsolePage, ConsoleRequest } from '../page.ts'

const BASE = '/console/support-access'
const FIELDS = ['customer', 'state']

/** Agents who act for customers: a list, approving and ending one, and the switch. */
export const supportAccessPages: readonly ConsolePage[] = [
  {
    path: '/support-access',
    async open(request) {
      const search = searchOf(request, FIELDS)
      const address = listAddress(request, '/v1/support-accesses', search)
      const answer = await request.api.send<Listing<ShownSupportAccess>>('GET', address)
      const problem = answer.outcome === 'refused' ? answer.problem : undefined
      const { items, next } = answer.outcome === 'done' ? answer.body : { items: [] }
      const { isOn } = await request.api.get<{ isOn: boolean }>('/v1/support-access')
      request.show(
        'support-access',
        { title: 'Support access', search, accesses: items, isOn, problem, ...pageLinks(request, next, search) },
        { status: problem?.status ?? 200 },
      )
    },
  },
  confirmPage({
    path: '/support-access/off',
    ask: () => ({
      title: 'Switch support access off',
      consequence:
        'Every agent who acts for a customer is signed out of that account at once, on all nodes. No agent can act for a customer until it is switched on again.',
      button: 'Switch it off',
      isDangerous: true,
      back: BASE,
    }),
    act: (request) => request.api.send('POST', '/v1/support-access/off'),
    done: 'support-access-off',
  }),
  confirmPage({
    path: '/support-access/on',
    ask: () => ({
      title: 'Switch support access on',
      consequence: 'Agents can act for customers again. What was ended stays ended.',
      button: 'Switch it on',
      back: BASE,
    }),
    act: (request) => request.api.send('POST', '/v1/support-access/on'),
    done: 'support-access-on',
  }),
  confirmPage({
    path: '/support-access/:id/approve',
    ask: async (request) => ({
      title: 'Approve this support access',
      subject: await nameOf(request),
      consequence: 'The agent can act for the customer once, with these scopes, if they ask again within 15 minutes.',
      button: 'Approve it',
      back: BASE,
    }),
    act: (request) => request.api.send('POST', `${pathOf(request)}/approve`),
    done: 'support-access-approved',
  }),
  confirmPage({
    path: '/support-access/:id/end',
    ask: async (request) => ({
      title: 'End this support access',
      subject: await nameOf(request),
      consequence: 'The agent can no longer act for the customer: all tokens of it stop working at once.',
      button: 'End it',
      isDangerous: true,
      back: BASE,
    }),
    act: (request) => request.api.send('POST', `${pathOf(request)}/end`),
    done: 'support-access-ended',
  }),
]

function pathOf({ params: { id = '' } }: ConsoleRequest): string {
  return `/v1/support-accesses/${encodeURIComponent(id)}`
}

async function nameOf(request: ConsoleRequest): Promise<string> {
  const { agentEmail, customerId, scopes, reason } = await request.api.get<ShownSupportAccess>(pathOf(request))
  return `${agentEmail} for customer ${customerId}, scopes "${scopes.join(' ')}": ${reason ?? 'no reason given'}`
}
