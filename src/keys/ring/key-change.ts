import type { KeyRecord } from '../key-record.ts'
import type { HeldKeys, KeyStore } from '../key-store.ts'
import type { RotationStep } from '../schedule/rotation.ts'
import type { Signer } from '../signers/signer.ts'

export type KeyChangeDeps = {
  readonly store: KeyStore
  readonly signer: Signer
  /** Epoch seconds; absent: the clock the store shares between its nodes. */
  readonly now?: (() => number) | undefined
}

/** What a rule wants done, and what its caller is told. */
export type Decision<Outcome> = { readonly steps: readonly RotationStep[]; readonly outcome: Outcome }

/** Outcome of a change, with what was written. */
export type KeyChange<Outcome> = {
  readonly outcome: Outcome
  readonly written: readonly { readonly action: RotationStep['action']; readonly kid: string }[]
}

/**
 * The one way keys change: takes the store's lock, lets `decide` look at what is really there, and writes its steps
 * in order. Two nodes or two operators therefore decide one after the other, each on the result of the first.
 */
export async function changeKeys<Outcome>(
  { store, signer, now }: KeyChangeDeps,
  decide: (keys: readonly KeyRecord[], now: number) => Decision<Outcome>,
): Promise<KeyChange<Outcome>> {
  const removed: KeyRecord[] = []
  const change = await store.exclusively(async (held) => {
    const at = now?.() ?? held.now
    const { steps, outcome } = decide(held.records, at)
    const written: { action: RotationStep['action']; kid: string }[] = []
    for (const step of steps) {
      const record = await carryOut(step, held, signer, at)
      if (step.action === 'remove' || step.action === 'revoke') removed.push(record)
      written.push({ action: step.action, kid: record.kid })
    }
    return { outcome, written }
  })
  // After the removal is certain: a device must not lose a key that the store still lists.
  await Promise.allSettled(removed.map((record) => signer.destroy(record)))
  return change
}

async function carryOut(step: RotationStep, held: HeldKeys, signer: Signer, now: number): Promise<KeyRecord> {
  if (step.action === 'generate') {
    const { algorithm, state } = step
    const record = { ...(await signer.generate(algorithm)), algorithm, state, createdAt: now, since: now }
    await held.save(record)
    return record
  }
  const record = held.records.find((candidate) => candidate.kid === step.kid)
  if (!record) throw new Error(`a plan names key ${step.kid}, which is not in the set it was made for`)
  if (step.action === 'activate' || step.action === 'retire') {
    await held.save({ ...record, state: step.action === 'activate' ? 'active' : 'retired', since: step.since })
    return record
  }
  const { kid, algorithm, publicJwk } = record
  const rest = step.action === 'revoke' ? { revokedAt: now } : { publicJwk }
  await held.remove({ kid, algorithm, removedAt: now, ...rest })
  return record
}
