import type { TrustedIssuer } from '../../../issuers/issuer-schema.ts'
import { confirmPage } from '../confirm-page.ts'
import type { Answer } from '../console-api.ts'
import { type Listing, pageLinks } from '../listing.ts'
import type { ConsolePage, ConsoleRequest } from '../page.ts'

type Shown = { readonly issuer: TrustedIssuer }
type Checked = { readonly isUsable: boolean; readonly keys?: number; readonly problem?: string }

/** What each act says before it is done. */
const ACTS = {
  disable: {
    title: 'Disable this issuer',
    consequence:
      'Every node refuses its assertions within two seconds. Tokens that were given live on until they end: to end them, disable the clients that hold them.',
    button: 'Disable it',
    done: 'issuer-disabled',
    isDangerous: true,
  },
  enable: {
    title: 'Enable this issuer',
    consequence: 'Its assertions are taken for tokens again.',
    button: 'Enable it',
    done: 'issuer-enabled',
  },
} as const

/** Trusted issuers: who they are, what they can give, and whether their keys can be had. */
export const issuerPages: readonly ConsolePage[] = [
  {
    path: '/issuers',
    async open(request) {
      const { cursor } = request.query
      const address = `/v1/issuers${cursor ? `?${new URLSearchParams({ cursor })}` : ''}`
      const { items, next } = await request.api.get<Listing<Shown>>(address)
      const issuers = items.map(({ issuer }) => issuer)
      request.show('issuers', { title: 'Trusted issuers', issuers, ...pageLinks(request, next, {}) })
    },
  },
  {
    path: '/issuers/:id',
    async open(request) {
      const [{ issuer }, check] = await Promise.all([
        request.api.get<Shown>(apiPath(request)),
        request.api.get<Checked>(`${apiPath(request)}/check`),
      ])
      const { id, is_enabled: isEnabled = true, ...members } = issuer
      const rows = Object.entries(members).map(([name, value]) => [name, said(value)])
      request.show('issuer', { title: `Trusted issuer ${id}`, id, isEnabled, rows, check })
    },
  },
  ...(['disable', 'enable'] as const).map((name) => {
    const { done, ...question } = ACTS[name]
    return confirmPage({
      path: `/issuers/:id/${name}`,
      ask: (request) => ({ ...question, subject: idOf(request), back: `/console/issuers/${encoded(request)}` }),
      act: (request) => setEnabled(request, name === 'enable'),
      done,
    })
  }),
]

async function setEnabled(request: ConsoleRequest, is_enabled: boolean): Promise<Answer<unknown>> {
  const found = await request.api.send<Shown>('GET', apiPath(request))
  if (found.outcome === 'refused') return found
  return request.api.send('PUT', apiPath(request), {
    body: { issuer: { ...found.body.issuer, is_enabled } },
    ifMatch: found.etag ?? '',
  })
}

/** A list as its entries, anything else that is no text as JSON. */
function said(value: unknown): string {
  if (Array.isArray(value)) return value.join(', ')
  return typeof value === 'string' ? value : JSON.stringify(value)
}

function idOf({ params: { id = '' } }: ConsoleRequest): string {
  return id
}

function encoded(request: ConsoleRequest): string {
  return encodeURIComponent(idOf(request))
}

function apiPath(request: ConsoleRequest): string {
  return `/v1/issuers/${encoded(request)}`
}
