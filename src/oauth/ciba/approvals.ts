import { randomBytes } from 'node:crypto'
import { z } from 'zod'
import { seal, unseal } from '../../storage/seal.ts'
import type { Storage } from '../../storage/storage.ts'

/** What a customer is asked to approve. Instants are epoch seconds. */
export type Approval = {
  /** Names it in links and forms; it alone opens nothing. */
  readonly id: string
  readonly clientId: string
  /** What the client shows the person as well, so that both can be compared. */
  readonly bindingMessage?: string | undefined
  readonly scopes: readonly string[]
  readonly resources: readonly string[]
  /** As a request's parameter has it. */
  readonly acrValues?: string | undefined
  readonly askedAt: number
  readonly expiresAt: number
}

/** One that is about to be stored: with the id by which the client asks for its outcome, a bearer value. */
export type NewApproval = Omit<Approval, 'id'> & { readonly requestId: string }

export type Approvals = ReturnType<typeof createApprovals>

export type ApprovalsDeps = {
  readonly storage: Pick<Storage, 'get' | 'getMany' | 'putOnce' | 'swap'>
  /** The first seals, all of them open. */
  readonly sealKeys: readonly [string, ...string[]]
  /** Epoch milliseconds. */
  readonly now?: () => number
}

const KIND = 'PendingApprovals'
const DECISION = 'ApprovalDecision'
const SEALED = 'id of an authentication request'
/** Of one customer: more at once is noise that hides the one they wait for. */
export const MOST_PENDING = 5
const MOST_TRIES = 10
const ID_BYTES = 16

const approval = z.object({
  id: z.string(),
  clientId: z.string(),
  bindingMessage: z.string().optional(),
  scopes: z.array(z.string()),
  resources: z.array(z.string()),
  acrValues: z.string().optional(),
  askedAt: z.number(),
  expiresAt: z.number(),
  sealedRequestId: z.string(),
})
const stored = z.object({ approvals: z.array(approval) })
type Stored = z.output<typeof approval>

/**
 * What customers are asked to approve, a list for each customer, for as long as the requests live. Each is decided once, whichever
 * nodes and browsers race.
 */
export function createApprovals({ storage, sealKeys, now = () => Date.now() }: ApprovalsDeps) {
  const nowSeconds = () => Math.floor(now() / 1000)

  async function read(customerId: string) {
    const found = await storage.get(KIND, customerId)
    const parsed = stored.safeParse(found?.artifact)
    const alive = parsed.success ? parsed.data.approvals.filter(({ expiresAt }) => expiresAt > nowSeconds()) : []
    return { version: found?.version, alive }
  }

  /** Those that nobody has decided. */
  async function pending(customerId: string): Promise<Stored[]> {
    const { alive } = await read(customerId)
    const decisions = await storage.getMany(alive.map(({ id }) => ({ kind: DECISION, id })))
    return alive.filter((_, index) => decisions[index] === undefined)
  }

  return {
    /** Undefined where as many wait already as may. */
    async add(customerId: string, { requestId, ...asked }: NewApproval): Promise<Approval | undefined> {
      const added = { id: randomBytes(ID_BYTES).toString('base64url'), ...asked }
      const entry = { ...added, scopes: [...added.scopes], resources: [...added.resources] }
      for (let tries = 0; tries < MOST_TRIES; tries++) {
        const [{ version }, others] = [await read(customerId), await pending(customerId)]
        if (others.length >= MOST_PENDING) return undefined
        const approvals = [...others, { ...entry, sealedRequestId: seal(sealKeys[0], SEALED, requestId) }]
        const ttlSeconds = Math.max(1, ...approvals.map(({ expiresAt }) => expiresAt - nowSeconds()))
        const artifact = { approvals }
        const isOurs =
          version === undefined
            ? await storage.putOnce(KIND, customerId, artifact, ttlSeconds)
            : await storage.swap(KIND, customerId, version, { artifact, ttlSeconds })
        if (isOurs) return added
      }
      return undefined
    },

    /** What waits for the customer, the oldest first. */
    async list(customerId: string): Promise<Approval[]> {
      return (await pending(customerId)).map(({ sealedRequestId: _sealed, ...shown }) => shown)
    },

    /** One that waits for this very customer, with the id of its request. */
    async find(customerId: string, id: string): Promise<(Approval & { readonly requestId: string }) | undefined> {
      const found = (await pending(customerId)).find((each) => each.id === id)
      if (!found) return undefined
      const { sealedRequestId, ...shown } = found
      const requestId = sealKeys.map((key) => unseal(key, SEALED, sealedRequestId)).find((each) => each !== undefined)
      return requestId === undefined ? undefined : { ...shown, requestId }
    },

    /** True for the one caller who decides it. */
    take({ id, expiresAt }: Pick<Approval, 'id' | 'expiresAt'>): Promise<boolean> {
      return storage.putOnce(DECISION, id, {}, Math.max(1, expiresAt - nowSeconds()))
    },
  }
}
