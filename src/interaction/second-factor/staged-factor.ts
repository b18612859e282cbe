import { z } from 'zod'
import type { Measured, Proofs } from '../../customers/proof.ts'
import type { UpstreamSession } from '../../oauth/browser/upstream-sessions.ts'
import type { Storage } from '../../storage/storage.ts'

/** A sign-in whose first factor was right, found by its interaction, which a cookie guards. */
export type StagedSignIn = {
  readonly proof: unknown
  /** How the person signed in so far (RFC 8176). */
  readonly amr: readonly string[]
  readonly remember: boolean
  /** What is to come: a code, or a factor that is set up; `done` once all is there and the recovery codes are on the screen. */
  readonly need: 'code' | 'mail' | 'set-up' | 'done'
  /** Whether the first factor was a code by mail: another one is no second factor. */
  readonly isByMail?: boolean | undefined
  readonly mustChangePassword?: boolean | undefined
  /** Epoch seconds, where the first factor was shown in an earlier sign-in. */
  readonly authTime?: number | undefined
  /** The provider at which the first factor was shown. */
  readonly upstream?: UpstreamSession | undefined
}

/** The same while its proof holds, with the customer as they are now. */
export type MeasuredSignIn = StagedSignIn & Measured

const KIND = 'PendingSecondFactor'
const TTL_SECONDS = 900

const stored = z.object({
  proof: z.unknown(),
  amr: z.array(z.string()),
  remember: z.boolean(),
  need: z.enum(['code', 'mail', 'set-up', 'done']),
  isByMail: z.boolean().optional(),
  mustChangePassword: z.boolean().optional(),
  authTime: z.number().optional(),
  upstream: z
    .object({ id: z.string(), issuer: z.string(), subject: z.string(), sid: z.string().optional() })
    .optional(),
})

/** Sign-ins between the first factor and the second. */
export function createStagedSignIns({
  storage,
  proofs,
}: {
  readonly storage: Pick<Storage, 'get' | 'put' | 'consume'>
  readonly proofs: Pick<Proofs, 'measure'>
}) {
  async function measured(staged: StagedSignIn): Promise<MeasuredSignIn | undefined> {
    const found = await proofs.measure(staged.proof)
    return found && { ...staged, ...found }
  }

  return {
    /** False, with nothing kept, where the proof does not hold. */
    async put(uid: string, staged: StagedSignIn): Promise<boolean> {
      if (!(await measured(staged))) return false
      await storage.put(KIND, uid, { ...staged }, TTL_SECONDS)
      return true
    },
    async find(uid: string): Promise<MeasuredSignIn | undefined> {
      const found = await storage.get(KIND, uid)
      if (!found || found.consumedAt !== undefined) return undefined
      const parsed = stored.safeParse(found.artifact)
      return parsed.success ? measured(parsed.data) : undefined
    },
    /** True for exactly one caller. */
    end: (uid: string): Promise<boolean> => storage.consume(KIND, uid),
  }
}

export type StagedSignIns = ReturnType<typeof createStagedSignIns>
