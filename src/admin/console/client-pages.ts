import type { ClientMetadata } from '../../clients/client.ts'
import { WHAT_DISABLING_DOES } from '../../clients/disabling.ts'
import { seeOther } from '../../http/see-other.ts'
import { confirmPage } from './confirm-page.ts'
import { type Listing, listAddress, pageLinks } from './listing.ts'
import type { ConsolePage, Form, Refusal, Visit } from './page.ts'

const LIST = '/console/clients'
const DAY_SECONDS = 86_400

type ListedClient = { readonly metadata: ClientMetadata; readonly isEnabled: boolean }
type ClientSecret = { readonly name: string; readonly expiresAt?: number }

/** When a secret ends; without days it does not. */
type End = { readonly key: string; readonly words: string; readonly days?: number }

const LIFETIMES: readonly End[] = [
  { key: '90', words: 'in 90 days', days: 90 },
  { key: '30', words: 'in 30 days', days: 30 },
  { key: '365', words: 'in a year', days: 365 },
  { key: 'never', words: 'never' },
]
/** Time for those who still use it. */
const ENDINGS: readonly End[] = [
  { key: '7', words: 'in a week', days: 7 },
  { key: '1', words: 'in a day', days: 1 },
  { key: '30', words: 'in 30 days', days: 30 },
  { key: '0', words: 'now', days: 0 },
]

/** Clients and their secrets. A secret is shown on the page after it was made, and nowhere else. */
export const clientPages: readonly ConsolePage[] = [
  {
    path: '/clients',
    async open(visit) {
      const { items, next } = await visit.api.get<Listing<ListedClient>>(listAddress(visit, '/v1/clients'))
      visit.show('clients', { title: 'Clients', clients: items, ...pageLinks(visit, next) })
    },
  },
  {
    path: '/clients/:clientId',
    open: async (visit) => showClient(visit, {}),
    async submit(visit, form) {
      const body = { name: form.name?.trim(), ...endOf(form.lifetime, LIFETIMES) }
      const path = `${apiPath(visit)}/secrets`
      const answer = await visit.api.send<{ name: string; secret: string }>('POST', path, { body })
      if (answer.outcome === 'refused') return showClient(visit, form, answer.problem)
      await visit.showOnce(clientPath(visit), JSON.stringify({ name: answer.body.name, secret: answer.body.secret }))
      seeOther(visit.ctx, `${clientPath(visit)}?done=secret-made`)
    },
  },
  {
    path: '/clients/:clientId/secrets/:name/end',
    open: async (visit) => showEnd(visit),
    async submit(visit, form) {
      const at = endOf(form.lifetime, ENDINGS).expiresAt
      const path = `${apiPath(visit)}/secrets/${encodeURIComponent(visit.params.name ?? '')}/expire`
      const answer = await visit.api.send('POST', path, { body: { at } })
      if (answer.outcome === 'refused') return showEnd(visit, answer.problem)
      seeOther(visit.ctx, `${clientPath(visit)}?done=secret-ends`)
    },
  },
  confirmPage({
    path: '/clients/:clientId/disable',
    ask: (visit) => ({
      title: 'Disable this client',
      subject: visit.params.clientId ?? '',
      consequence: WHAT_DISABLING_DOES,
      button: 'Disable it',
      isDangerous: true,
      back: clientPath(visit),
    }),
    act: (visit) => visit.api.send('POST', `${apiPath(visit)}/disable`),
    done: 'client-disabled',
  }),
  confirmPage({
    path: '/clients/:clientId/sign-out',
    ask: (visit) => ({
      title: 'Sign everybody out of this client',
      subject: visit.params.clientId ?? '',
      consequence: 'Every token it ever got is dead at its next use. Its people sign in again.',
      button: 'Sign everybody out',
      isDangerous: true,
      back: clientPath(visit),
    }),
    act: (visit) =>
      visit.api.send('POST', '/v1/sign-outs', { body: { of: 'client', id: visit.params.clientId ?? '' } }),
    done: 'client-signed-out',
  }),
  {
    path: '/clients/:clientId/enable',
    open: async ({ ctx, params }) => seeOther(ctx, `${LIST}/${encodeURIComponent(params.clientId ?? '')}`),
    async submit(visit, form) {
      const answer = await visit.api.send('POST', `${apiPath(visit)}/enable`)
      if (answer.outcome === 'refused') return showClient(visit, form, answer.problem)
      seeOther(visit.ctx, `${clientPath(visit)}?done=client-enabled`)
    },
  },
]

async function showClient(visit: Visit, form: Form, problem?: Refusal): Promise<void> {
  const [client, { items: secrets }, made] = await Promise.all([
    visit.api.get<ListedClient>(apiPath(visit)),
    visit.api.get<Listing<ClientSecret>>(`${apiPath(visit)}/secrets`),
    problem ? undefined : visit.takeOnce(),
  ])
  visit.show(
    'client',
    {
      title: client.metadata.client_name ?? client.metadata.client_id,
      client,
      base: clientPath(visit),
      secrets,
      now: Date.now() / 1000,
      lifetimes: LIFETIMES,
      form,
      problem,
      made: made && (JSON.parse(made) as object), // put there by this page
    },
    { status: problem?.status ?? 200 },
  )
}

function showEnd(visit: Visit, problem?: Refusal): void {
  const { name = '' } = visit.params
  visit.show(
    'secret-end',
    { title: 'Let a secret end', name, endings: ENDINGS, back: clientPath(visit), problem },
    { status: problem?.status ?? 200 },
  )
}

/** The end that was chosen, for the API; nothing for "never". */
function endOf(chosen: string | undefined, offered: readonly End[]): { expiresAt?: string } {
  const days = offered.find(({ key }) => key === chosen)?.days
  if (days === undefined) return {}
  return { expiresAt: new Date(Date.now() + days * DAY_SECONDS * 1000).toISOString() }
}

function apiPath({ params }: Visit): string {
  return `/v1/clients/${encodeURIComponent(params.clientId ?? '')}`
}

/** The page of the client that the address names. */
export function clientPath({ params }: Visit): string {
  return `${LIST}/${encodeURIComponent(params.clientId ?? '')}`
}
