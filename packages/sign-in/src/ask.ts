import { SignInError } from './errors.ts'
import { proofOf } from './proof.ts'
import type { KeyPair } from './types.ts'

/** A JSON object of the server, whose members nobody has looked at. */
export type Answer = Readonly<Record<string, unknown>>

export type Endpoints = {
  readonly authorization_endpoint: string
  readonly authorization_challenge_endpoint: string
  readonly token_endpoint: string
  readonly revocation_endpoint: string
}

export type Ask = ReturnType<typeof createAsk>

type Sent = { readonly url: string; readonly method: string; readonly accessToken?: string | undefined }

/** Requests to the server, each with a proof of the key; a nonce that the server wants is used at once. */
export function createAsk(issuer: string, send: typeof fetch) {
  const nonces = new Map<string, string>()
  let found: Promise<Endpoints> | undefined

  async function load(): Promise<Endpoints> {
    const { origin, pathname } = new URL(issuer)
    const answer = await send(`${origin}/.well-known/oauth-authorization-server${pathname.replace(/\/$/, '')}`)
    const metadata = (await answer.json()) as Endpoints & { issuer?: string } // the issuer is compared, the others are used
    if (metadata.issuer !== issuer) throw new SignInError('bad_answer', 'the metadata are of another issuer')
    return metadata
  }

  /** As `fetch`, with a proof; asked once more where the server wants a nonce. */
  async function prove(key: KeyPair, init: RequestInit, sent: Sent): Promise<Response> {
    const { origin } = new URL(sent.url)
    const attempt = async () => {
      const headers = new Headers(init.headers)
      headers.set('DPoP', await proofOf(key, { ...sent, nonce: nonces.get(origin) }))
      if (sent.accessToken !== undefined) headers.set('Authorization', `DPoP ${sent.accessToken}`)
      const answer = await send(sent.url, { ...init, method: sent.method, headers })
      const nonce = answer.headers.get('DPoP-Nonce')
      const isNew = nonce !== null && nonce !== nonces.get(origin)
      if (nonce !== null) nonces.set(origin, nonce)
      return { answer, isNew }
    }
    const { answer, isNew } = await attempt()
    const isWanted = isNew && (answer.status === 400 || answer.status === 401) && (await wantsNonce(answer))
    return isWanted ? (await attempt()).answer : answer
  }

  return {
    endpoints(): Promise<Endpoints> {
      found ??= load().catch((error: unknown) => {
        found = undefined
        throw error
      })
      return found
    },
    prove,

    /** A form to an endpoint; its JSON, whatever the status. */
    async post(key: KeyPair, url: string, fields: Readonly<Record<string, string | undefined>>): Promise<Answer> {
      const body = new URLSearchParams()
      for (const [name, value] of Object.entries(fields)) if (value !== undefined) body.set(name, value)
      const headers = { Accept: 'application/json' }
      const answer = await prove(key, { body, headers }, { url, method: 'POST' })
      const json = (await answer.json().catch(() => ({}))) as Answer // an object, or nothing that is read
      if (answer.ok || typeof json.error === 'string') return { ...json, retryAfter: retryAfter(answer) }
      throw new SignInError('bad_answer', `the server answered ${answer.status}`, { retryAfter: retryAfter(answer) })
    },
  }
}

async function wantsNonce(answer: Response): Promise<boolean> {
  if (answer.headers.get('WWW-Authenticate')?.includes('use_dpop_nonce')) return true
  const json = (await answer
    .clone()
    .json()
    .catch(() => ({}))) as Answer // as above
  return json.error === 'use_dpop_nonce'
}

function retryAfter({ headers }: Response): number | undefined {
  const seconds = Number(headers.get('Retry-After') ?? Number.NaN)
  return Number.isNaN(seconds) ? undefined : seconds
}
