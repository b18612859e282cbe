import { Provider, type Session } from 'oidc-provider'
import { z } from 'zod'
import type { Storage } from '../../storage/storage.ts'
import { storeAlso } from '../library-values.ts'
import { LIFETIMES } from '../tokens/lifetimes.ts'

/** The sign-in at a provider that a session here came of. */
export type UpstreamSession = {
  readonly id: string
  readonly issuer: string
  readonly subject: string
  /** The session there, where the provider says it. */
  readonly sid?: string
}

const KIND = 'UpstreamSession'

const noted = z.object({ uid: z.string(), accountId: z.string() })

/** Finds the session here that came of one at a provider, and whose it is. */
export function createFindByUpstream(storage: Pick<Storage, 'get'>) {
  return async function findByUpstream(issuer: string, sid: string) {
    return noted.safeParse((await storage.get(KIND, nameOf(issuer, sid)))?.artifact).data
  }
}

/** Has each session keep the sign-in at a provider that it came of, so that it can end with that. */
export function keepUpstreamSessions({ Session }: Provider, storage: Pick<Storage, 'put'>): void {
  storeAlso(Session, ['upstream'])
  const prototype = Session.prototype as unknown as StoredSession // its published type leaves members out
  const { loginAccount, save } = prototype
  prototype.loginAccount = function loginAccountFrom(details) {
    const before = this.accountId === details.accountId ? this.upstream : undefined
    loginAccount.call(this, details)
    const staged = Provider.ctx?.oidc?.entities.Interaction?.result?.login as Staged | undefined // as our pages put it
    // The same person who proves more, or once again, still came from there.
    this.upstream = (staged?.accountId === details.accountId ? staged.upstream : undefined) ?? before
    this.isUpstreamNew = true
  }
  prototype.save = async function saveWithUpstream(ttlSeconds) {
    const { uid, accountId, upstream } = this
    if (this.isUpstreamNew && upstream?.sid !== undefined)
      await storage.put(KIND, nameOf(upstream.issuer, upstream.sid), { uid, accountId }, LIFETIMES.session)
    this.isUpstreamNew = false
    return save.call(this, ttlSeconds)
  }
}

/** The provider that a session came of; undefined where it came of none. */
export function upstreamOf(session: Session | object | undefined): UpstreamSession | undefined {
  return (session as { upstream?: UpstreamSession } | undefined)?.upstream // ours, as written above
}

function nameOf(issuer: string, sid: string): string {
  return `${issuer}\n${sid}`
}

type Staged = { readonly accountId?: string; readonly upstream?: UpstreamSession }
type StoredSession = {
  readonly uid: string
  readonly accountId?: string
  upstream?: UpstreamSession | undefined
  isUpstreamNew?: boolean
  loginAccount(details: { readonly accountId: string }): void
  save(ttlSeconds: number): Promise<string>
}
