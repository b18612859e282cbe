import type { Provider } from 'oidc-provider'
import { z } from 'zod'
import { networkOf } from '../../credentials/ip-network.ts'
import { type BrowserName, browserName } from '../../http/browser-name.ts'
import { currentBrowser } from '../../http/request-id.ts'
import type { EndingCause } from '../../sign-in-endings/sign-in-ended.ts'
import { seal, unseal } from '../../storage/seal.ts'
import type { Storage } from '../../storage/storage.ts'
import { agentIdOf } from '../accounts/agent-account.ts'
import { anonymousIdOf } from '../accounts/anonymous-account.ts'
import { grantFacts, signedInAtMs } from '../accounts/grant-facts.ts'
import { storeAlso } from '../library-values.ts'
import type { SignOutCutOffs } from '../sign-out-cut-offs.ts'
import type { EndSignIn } from '../sign-outs/end-sign-in.ts'
import { LIFETIMES } from '../tokens/lifetimes.ts'
import { grantsOf } from './own-sessions.ts'

/** A browser in which a customer is signed in. Instants are epoch milliseconds. */
export type ListedSession = BrowserName & {
  /** Names the session; no bearer value. */
  readonly uid: string
  /** The address as far as it tells a place: of IPv6 the network. */
  readonly network?: string
  readonly signedInAtMs: number
  /** To ten minutes. */
  readonly seenAtMs: number
}

export type SessionIndex = ReturnType<typeof createSessionIndex>

export type SessionIndexDeps = {
  readonly storage: Pick<Storage, 'get' | 'getMany' | 'putOnce' | 'swap' | 'remove'>
  /** The first seals, all of them open. */
  readonly sealKeys: readonly [string, ...string[]]
  readonly cutOffs: Pick<SignOutCutOffs, 'isBefore'>
  readonly endSignIn: EndSignIn
}

const KIND = 'SessionIndex'
const SEALED = 'id of a session'
const NOTED_EVERY_MS = 600_000
/** Of one customer. The one that was not seen for longest makes room. */
const MOST_SESSIONS = 50
const MOST_TRIES = 10

const entry = z.object({
  uid: z.string(),
  sealedId: z.string(),
  browser: z.string().optional(),
  system: z.string().optional(),
  network: z.string().optional(),
  signedInAtMs: z.number(),
  seenAtMs: z.number(),
})
const entries = z.object({ sessions: z.array(entry) })
type Entry = z.output<typeof entry>

/**
 * Which sessions a customer has, kept beside the sessions and for as long: storage finds one by its cookie only. The id that is in
 * the cookie is sealed with a key that is not in storage.
 */
export function createSessionIndex({ storage, sealKeys, cutOffs, endSignIn }: SessionIndexDeps) {
  async function read(accountId: string) {
    const stored = await storage.get(KIND, accountId)
    const parsed = entries.safeParse(stored?.artifact)
    return { version: stored?.version, sessions: parsed.success ? parsed.data.sessions : [] }
  }

  async function note(accountId: string, added: Entry): Promise<void> {
    for (let tries = 0; tries < MOST_TRIES; tries++) {
      const { version, sessions } = await read(accountId)
      const others = sessions.filter(({ uid, seenAtMs }) => uid !== added.uid && seenAtMs > added.seenAtMs - KEPT_MS)
      const artifact = { sessions: [added, ...others].sort(bySeen).slice(0, MOST_SESSIONS) }
      const isOurs =
        version === undefined
          ? await storage.putOnce(KIND, accountId, artifact, LIFETIMES.session)
          : await storage.swap(KIND, accountId, version, { artifact, ttlSeconds: LIFETIMES.session })
      if (isOurs) return
    }
  }

  const idOf = ({ sealedId }: Entry) =>
    sealKeys.map((key) => unseal(key, SEALED, sealedId)).find((opened) => opened !== undefined) ?? ''

  /** Those that are alive, with what is stored of them. */
  async function alive(accountId: string) {
    const { sessions } = await read(accountId)
    const stored = await storage.getMany(sessions.map((each) => ({ kind: 'Session', id: idOf(each) })))
    const found = sessions.flatMap((each, index) => {
      const session = stored[index]?.artifact
      return session?.accountId === accountId ? [{ each, session }] : []
    })
    const isOver = await Promise.all(found.map(({ each }) => cutOffs.isBefore({ accountId }, each.signedInAtMs)))
    return found.filter((_, index) => !isOver[index])
  }

  return {
    /** Notes a session that was saved, when there is something new about it. */
    async noteSaved(session: SavedSession): Promise<void> {
      const { accountId, uid, jti } = session
      if (accountId === undefined) return
      const { ip, userAgent = '' } = currentBrowser() ?? {}
      const now = Date.now()
      await note(accountId, {
        uid,
        sealedId: seal(sealKeys[0], SEALED, jti),
        ...browserName(userAgent),
        ...(ip !== undefined && { network: networkOf(ip) }),
        signedInAtMs: signedInAtMs(session as never) ?? now, // as the library's session, which it is
        seenAtMs: now,
      })
    },

    /** The browsers in which a customer is signed in, the one that was seen last first. */
    async list(accountId: string): Promise<ListedSession[]> {
      return (await alive(accountId)).map(({ each: { sealedId: _sealedId, ...listed } }) => listed as ListedSession) // zod's optional members may be undefined
    },

    /** Forgets which browsers a customer used: for one who was erased. */
    forget: (accountId: string): Promise<void> => storage.remove(KIND, accountId),

    /**
     * Signs one browser out, and everything that was granted to apps in it but links, which belong to no browser; false when the customer has no such
     * session.
     */
    async end(accountId: string, uid: string, why: EndingCause = 'ended-by-customer'): Promise<boolean> {
      const found = (await alive(accountId)).find(({ each }) => each.uid === uid)
      if (!found) return false
      const grants = grantsOf(found.session)
      const stored = await storage.getMany(grants.map(({ grantId }) => ({ kind: 'Grant', id: grantId })))
      const own = grants.filter((_, index) => grantFacts(stored[index]?.artifact)?.isLink !== true)
      for (const { clientId, grantId, sid: sessionId } of own) {
        const what = { of: 'grant', grantId, accountId, clientId, sessionId } as const
        await endSignIn({ what, why })
      }
      await endSignIn({ what: { of: 'session', cookieId: idOf(found.each), accountId }, why })
      return true
    },
  }
}

const KEPT_MS = LIFETIMES.session * 1000

function bySeen(a: Entry, b: Entry): number {
  return b.seenAtMs - a.seenAtMs
}

/** The members of the library's session that are read here, and one of ours. */
type SavedSession = { readonly accountId?: string; readonly uid: string; readonly jti: string; notedAtMs?: number }

/** Has every session of a customer noted when it begins, when its id changes, and every ten minutes while it is used. */
export function noteSessions({ Session }: Provider, noteSaved: SessionIndex['noteSaved']): void {
  storeAlso(Session, ['notedAtMs'])
  const { save } = Session.prototype as Saved // the published type leaves the method out
  Object.assign(Session.prototype, {
    async save(this: SavedSession & { readonly oldId?: string }, ttlSeconds: number) {
      const { accountId, notedAtMs = 0, oldId } = this
      const isCustomer =
        accountId !== undefined && agentIdOf(accountId) === undefined && anonymousIdOf(accountId) === undefined
      const isDue = isCustomer && (oldId !== undefined || Date.now() - notedAtMs > NOTED_EVERY_MS)
      if (isDue) this.notedAtMs = Date.now()
      const saved = await save.call(this, ttlSeconds)
      if (isDue) await noteSaved(this)
      return saved
    },
  })
}

type Saved = { save(this: object, ttlSeconds: number): Promise<string> }
