import { randomBytes } from 'node:crypto'
import type { Storage } from '../storage/storage.ts'
import type { Administrator } from './administrator.ts'
import type { AdministratorDirectory } from './directory.ts'

export type AdminSessions = ReturnType<typeof createAdminSessions>

export const ADMIN_SESSION_PREFIX = 'vas_'

const KIND = 'AdminSession'
/** When all sessions of an administrator were ended. */
const END = 'AdminSessionsEnd'
const IDLE_SECONDS = 3600
const LONGEST_SECONDS = 12 * 3600

/**
 * Sessions of administrators who signed in with their password: over after an hour without use, after twelve hours, and
 * when the administrator is blocked or has another password.
 */
export function createAdminSessions({
  storage,
  administrators,
  now = Date.now,
}: {
  readonly storage: Storage
  readonly administrators: Pick<AdministratorDirectory, 'findById'>
  readonly now?: () => number
}) {
  return {
    /**
     * The session's id is a bearer value: it goes into a cookie or an Authorization header and is stored as a digest. What
     * ends sessions while the password is being checked ends this one too: it is as old as the start of the check.
     */
    async open({ id: administratorId, passwordChangedAt }: Administrator, provedAtMs: number = now()) {
      const session = `${ADMIN_SESSION_PREFIX}${randomBytes(32).toString('base64url')}`
      await storage.put(KIND, session, { administratorId, passwordChangedAt, openedAtMs: provedAtMs }, IDLE_SECONDS)
      return { session, expiresAt: Math.floor(now() / 1000) + LONGEST_SECONDS }
    },

    /** Whose session it is, with the role of now; undefined when it is over. Counts as use. */
    async find(session: string): Promise<Administrator | undefined> {
      const stored = await storage.get(KIND, session)
      if (!stored) return undefined
      const { administratorId, passwordChangedAt, openedAtMs } = stored.artifact
      if (now() > Number(openedAtMs) + LONGEST_SECONDS * 1000) return undefined
      const administrator = await administrators.findById(String(administratorId))
      if (administrator?.status !== 'active') return undefined
      if (administrator.passwordChangedAt !== passwordChangedAt) return undefined
      const ended = await storage.get(END, administrator.id)
      if (ended && Number(openedAtMs) <= Number(ended.artifact.atMs)) return undefined
      await storage.extend(KIND, session, IDLE_SECONDS)
      return administrator
    },

    close: (session: string): Promise<void> => storage.remove(KIND, session),

    /** For good: a blocked administrator who is unblocked signs in again. */
    closeAll: (administratorId: string): Promise<void> => storage.raise(END, administratorId, now(), LONGEST_SECONDS),
  }
}
