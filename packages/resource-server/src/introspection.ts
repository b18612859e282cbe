import { createHash } from 'node:crypto'
import { createBoundedMap } from './bounded-map.ts'
import { type Claims, isFor } from './claims.ts'
import type { Emit } from './events.ts'
import type { IntrospectionOptions, Settings } from './options.ts'
import type { Ask } from './outgoing.ts'
import { jsonObject } from './outgoing.ts'

/** What the server says of a token now. */
export type Introspected =
  | { readonly outcome: 'active'; readonly claims: Claims }
  | { readonly outcome: 'inactive' }
  | { readonly outcome: 'unreachable' }

export type Introspection = {
  /** `isFresh` asks anew whatever is at hand. */
  ask(token: string, options?: { readonly isFresh?: boolean }): Promise<Introspected>
}

export type IntrospectionDeps = {
  readonly options: IntrospectionOptions
  readonly settings: Settings
  readonly url: () => Promise<string>
  readonly ask: Ask
  readonly emit: Emit
}

type Kept = { readonly said: Introspected; readonly untilMs: number }

const MAX_BYTES = 262_144

/**
 * Asks the server about tokens (RFC 7662). Answers are kept for some seconds by the token's digest and never past its
 * `exp`; those of one token at one time are one question; and there are at most `maxInFlight` questions at a time.
 */
export function createIntrospection({ options, settings, url, ask, emit }: IntrospectionDeps): Introspection {
  const { cacheSeconds = 5, maxCached = 1000, maxInFlight = 50 } = options
  const { issuer, audiences, clock, clockSkewSeconds } = settings
  const authorization = `Basic ${btoa(`${formEncoded(options.clientId)}:${formEncoded(options.clientSecret)}`)}`
  const active = createBoundedMap<Kept>(maxCached)
  // Apart, so that made-up tokens push no answers about good ones out.
  const inactive = createBoundedMap<Kept>(maxCached)
  const underWay = new Map<string, Promise<Introspected>>()
  let inFlight = 0

  async function question(token: string): Promise<Introspected> {
    if (inFlight >= maxInFlight) throw new Error(`${maxInFlight} questions are under way, the most there may be`)
    inFlight += 1
    try {
      const address = await url()
      const { status, body } = await ask(address, {
        method: 'POST',
        maxBytes: MAX_BYTES,
        headers: {
          authorization,
          accept: 'application/json',
          'content-type': 'application/x-www-form-urlencoded',
        },
        body: new URLSearchParams({ token }).toString(),
      })
      if (status !== 200)
        throw new Error(
          `introspection answered ${status}${status === 401 ? ': clientId or clientSecret is wrong' : ''}`,
        )
      return judge(jsonObject(body))
    } finally {
      inFlight -= 1
    }
  }

  /** The same is asked of the answer as of a JWT. */
  function judge(said: Record<string, unknown>): Introspected {
    const nowSeconds = clock() / 1000
    const { active: isActive, sub, client_id, exp, iat, iss, aud } = said
    if (isActive !== true || !isFor(aud, audiences)) return { outcome: 'inactive' }
    if (iss !== undefined && iss !== issuer) return { outcome: 'inactive' }
    if (typeof sub !== 'string' || typeof client_id !== 'string') return { outcome: 'inactive' }
    if (typeof exp !== 'number' || exp + clockSkewSeconds <= nowSeconds) return { outcome: 'inactive' }
    // Refresh tokens are none of a service's business.
    if (said.token_type === 'refresh_token') return { outcome: 'inactive' }
    return { outcome: 'active', claims: { ...said, sub, client_id, exp, iat: typeof iat === 'number' ? iat : 0 } }
  }

  async function askOnce(token: string, name: string): Promise<Introspected> {
    const said = await question(token)
    const untilMs = clock() + cacheSeconds * 1000
    if (cacheSeconds <= 0) return said
    if (said.outcome === 'active') active.set(name, { said, untilMs: Math.min(untilMs, said.claims.exp * 1000) })
    else {
      active.delete(name)
      inactive.set(name, { said, untilMs })
    }
    return said
  }

  return {
    async ask(token, { isFresh = false } = {}) {
      const name = createHash('sha256').update(token).digest('base64url')
      const kept = isFresh ? undefined : (active.get(name) ?? inactive.get(name))
      if (kept && clock() < kept.untilMs) return kept.said
      // A fresh question must not take the answer of one that was asked before.
      const key = isFresh ? `${name} fresh ${clock()}` : name
      const asking = underWay.get(key) ?? askOnce(token, name).finally(() => underWay.delete(key))
      underWay.set(key, asking)
      try {
        return await asking
      } catch (error) {
        emit({
          event: 'introspection.unreachable',
          level: 'warn',
          message: 'Introspection was not answered.',
          error: String(error),
        })
        return { outcome: 'unreachable' }
      }
    },
  }
}

/** RFC 6749 §2.3.1: both are form-encoded before they are joined. */
export function formEncoded(text: string): string {
  return new URLSearchParams({ text }).toString().slice('text='.length)
}
