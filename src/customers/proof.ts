import { z } from 'zod'
import type { CustomerWithPassword, Directory } from './directory.ts'

/**
 * That a customer has proved who they are, or that a link or code was made for them: written into everything that is kept
 * for later, and measured again when it is used.
 */
export type Proof = {
  readonly customerId: string
  /** Epoch milliseconds, from before the customer was looked up. */
  readonly madeAtMs: number
  /** Of the credentials; absent where the directory counts none, and the instant alone decides. */
  readonly generation?: number | undefined
}

/** A customer whose proof was measured, with the proof of that instant. */
export type Measured = CustomerWithPassword & { readonly proof: Proof }

export type Proofs = ReturnType<typeof createProofs>

export type ProofDeps = {
  readonly directory: Pick<Directory, 'findCredentials'>
  /** Whether everything of the customer from this instant (epoch milliseconds) was signed out since. */
  readonly isSignedOut: (customerId: string, sinceMs: number) => Promise<boolean>
  /** Epoch milliseconds. */
  readonly now?: () => number
}

const storedProof = z.object({
  customerId: z.string(),
  madeAtMs: z.number(),
  generation: z.number().optional(),
})

/** What was proved about a customer as they were found; `madeAtMs` is from before they were looked up. */
export function proofOf({ customer, generation }: CustomerWithPassword, madeAtMs: number): Proof {
  return { customerId: customer.id, madeAtMs, ...(generation !== undefined && { generation }) }
}

/** Makes proofs, and measures those that were kept: the one rule for everything that is proved now and used later. */
export function createProofs({ directory, isSignedOut, now = Date.now }: ProofDeps) {
  return {
    /** A proof of now; undefined without such a customer. */
    async make(customerId: string): Promise<Proof | undefined> {
      const madeAtMs = now()
      const found = await directory.findCredentials(customerId)
      return found && proofOf(found, madeAtMs)
    },

    /**
     * The customer a stored proof is about, while it holds: they are active, their password, address and status are
     * those of then, and nothing signed them out since.
     */
    async measure(stored: unknown): Promise<Measured | undefined> {
      const measuredAtMs = now()
      const parsed = storedProof.safeParse(stored)
      if (!parsed.success) return undefined
      const { customerId, madeAtMs, generation } = parsed.data
      const [found, isOver] = await Promise.all([
        directory.findCredentials(customerId),
        isSignedOut(customerId, madeAtMs),
      ])
      const holds = !isOver && found?.customer.status === 'active' && found.generation === generation
      return holds ? { ...found, proof: proofOf(found, measuredAtMs) } : undefined
    },
  }
}
