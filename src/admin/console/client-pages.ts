import type { ClientMetadata } from '../../clients/client.ts'
import { WHAT_DISABLING_DOES } from '../../clients/disabling.ts'
import { fromPreset, PRESET_SENTENCES, PRESETS } from '../../clients/presets.ts'
import { seeOther } from '../../http/see-other.ts'
import { confirmPage } from './confirm-page.ts'
import { type Listing, listAddress, pageLinks } from './listing.ts'
import type { ConsolePage, ConsoleRequest, Form, Refusal } from './page.ts'

const LIST = '/console/clients'
const DAY_SECONDS = 86_400

type ListedClient = { readonly metadata: ClientMetadata; readonly isEnabled: boolean }
/** What was made a moment ago: shown once. */
type Made = { readonly name?: string; readonly secret?: string; readonly warnings?: readonly string[] }
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
    async open(request) {
      const { items, next } = await request.api.get<Listing<ListedClient>>(listAddress(request, '/v1/clients'))
      request.show('clients', { title: 'Clients', clients: items, ...pageLinks(request, next) })
    },
  },
  {
    // Not below /clients, where it would hide a client of this name.
    path: '/new-client',
    open: async (request) => showNew(request, {}),
    async submit(request, form) {
      const preset = PRESETS.find((name) => name === form.preset)
      if (!preset) return showNew(request, form, { status: 400, message: 'Choose what the client is.' })
      const clientId = form.clientId?.trim() ?? ''
      const redirectUris = (form.redirectUris ?? '').split(/\s+/).filter(Boolean)
      const metadata = fromPreset(preset, { clientId, redirectUris, isThirdParty: form.thirdParty === 'yes' })
      const answer = await request.api.send<Made>('POST', '/v1/clients', { body: { metadata } })
      if (answer.outcome === 'refused') return showNew(request, form, answer.problem)
      const { secret, warnings } = answer.body
      const made: Made = { ...(secret !== undefined && { name: 'default', secret }), ...(warnings && { warnings }) }
      const page = `${LIST}/${encodeURIComponent(clientId)}`
      await request.showOnce(page, JSON.stringify(made))
      seeOther(request.ctx, `${page}?done=client-made`)
    },
  },
  {
    path: '/clients/:clientId',
    open: async (request) => showClient(request, {}),
    async submit(request, form) {
      const body = { name: form.name?.trim(), ...endOf(form.lifetime, LIFETIMES) }
      const path = `${apiPath(request)}/secrets`
      const answer = await request.api.send<{ name: string; secret: string }>('POST', path, { body })
      if (answer.outcome === 'refused') return showClient(request, form, answer.problem)
      await request.showOnce(
        clientPath(request),
        JSON.stringify({ name: answer.body.name, secret: answer.body.secret }),
      )
      seeOther(request.ctx, `${clientPath(request)}?done=secret-made`)
    },
  },
  {
    path: '/clients/:clientId/secrets/:name/end',
    open: async (request) => showEnd(request),
    async submit(request, form) {
      const at = endOf(form.lifetime, ENDINGS).expiresAt
      const path = `${apiPath(request)}/secrets/${encodeURIComponent(request.params.name ?? '')}/expire`
      const answer = await request.api.send('POST', path, { body: { at } })
      if (answer.outcome === 'refused') return showEnd(request, answer.problem)
      seeOther(request.ctx, `${clientPath(request)}?done=secret-ends`)
    },
  },
  confirmPage({
    path: '/clients/:clientId/disable',
    ask: (request) => ({
      title: 'Disable this client',
      subject: request.params.clientId ?? '',
      consequence: WHAT_DISABLING_DOES,
      button: 'Disable it',
      isDangerous: true,
      back: clientPath(request),
    }),
    act: (request) => request.api.send('POST', `${apiPath(request)}/disable`),
    done: 'client-disabled',
  }),
  confirmPage({
    path: '/clients/:clientId/sign-out',
    ask: (request) => ({
      title: 'Sign out all customers of this client',
      subject: request.params.clientId ?? '',
      consequence: 'All tokens of this client stop working at once. Customers must sign in again.',
      button: 'Sign out all customers',
      isDangerous: true,
      back: clientPath(request),
    }),
    act: (request) =>
      request.api.send('POST', '/v1/sign-outs', { body: { of: 'client', id: request.params.clientId ?? '' } }),
    done: 'client-signed-out',
  }),
  confirmPage({
    path: '/clients/:clientId/remove',
    ask: (request) => ({
      title: 'Remove this client',
      subject: request.params.clientId ?? '',
      consequence:
        'All tokens of this client stop working at once, and it is gone. The software can register itself again while DYNAMIC_REGISTRATION lets it.',
      button: 'Remove it',
      isDangerous: true,
      back: LIST,
    }),
    act: (request) => request.api.send('DELETE', apiPath(request), { ifMatch: '*' }),
    done: 'client-removed',
  }),
  {
    path: '/clients/:clientId/enable',
    open: async ({ ctx, params }) => seeOther(ctx, `${LIST}/${encodeURIComponent(params.clientId ?? '')}`),
    async submit(request, form) {
      const answer = await request.api.send('POST', `${apiPath(request)}/enable`)
      if (answer.outcome === 'refused') return showClient(request, form, answer.problem)
      seeOther(request.ctx, `${clientPath(request)}?done=client-enabled`)
    },
  },
]

async function showClient(request: ConsoleRequest, form: Form, problem?: Refusal): Promise<void> {
  const [client, { items: secrets }, made] = await Promise.all([
    request.api.get<ListedClient>(apiPath(request)),
    request.api.get<Listing<ClientSecret>>(`${apiPath(request)}/secrets`),
    problem ? undefined : request.takeOnce(),
  ])
  request.show(
    'client',
    {
      title: client.metadata.client_name ?? client.metadata.client_id,
      client,
      base: clientPath(request),
      secrets,
      now: Date.now() / 1000,
      lifetimes: LIFETIMES,
      form,
      problem,
      made: made && (JSON.parse(made) as Made), // put there by these pages
    },
    { status: problem?.status ?? 200 },
  )
}

function showNew(request: ConsoleRequest, form: Form, problem?: Refusal): void {
  const presets = PRESETS.map((name) => ({ name, sentence: PRESET_SENTENCES[name] }))
  request.show('client-new', { title: 'Register a client', presets, form, problem }, { status: problem?.status ?? 200 })
}

function showEnd(request: ConsoleRequest, problem?: Refusal): void {
  const { name = '' } = request.params
  request.show(
    'secret-end',
    { title: 'End a secret', name, endings: ENDINGS, back: clientPath(request), problem },
    { status: problem?.status ?? 200 },
  )
}

/** The end that was chosen, for the API; nothing for "never". */
function endOf(chosen: string | undefined, offered: readonly End[]): { expiresAt?: string } {
  const days = offered.find(({ key }) => key === chosen)?.days
  if (days === undefined) return {}
  return { expiresAt: new Date(Date.now() + days * DAY_SECONDS * 1000).toISOString() }
}

function apiPath({ params }: ConsoleRequest): string {
  return `/v1/clients/${encodeURIComponent(params.clientId ?? '')}`
}

/** The page of the client that the address names. */
export function clientPath({ params }: ConsoleRequest): string {
  return `${LIST}/${encodeURIComponent(params.clientId ?? '')}`
}
