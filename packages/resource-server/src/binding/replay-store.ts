import type { ReplayStore, UsedProof } from './dpop-options.ts'

/**
 * Remembers proofs in this process. It never forgets one that could be used again: when there is no room, new ones are
 * refused, and `onFull` is told. One key has a tenth of the room, so that one client cannot take it from all others.
 */
export function createReplayStore(most: number, now: () => number, onFull: () => void): ReplayStore {
  const mostOfOneKey = Math.max(1, Math.floor(most / 10))
  /** In the order of their ends: all live equally long. */
  const proofs = new Map<string, UsedProof>()
  const perKey = new Map<string, number>()

  function forgetEnded(): void {
    for (const { id, jkt, untilMs } of proofs.values()) {
      if (untilMs > now()) break
      proofs.delete(id)
      const left = (perKey.get(jkt) ?? 1) - 1
      if (left > 0) perKey.set(jkt, left)
      else perKey.delete(jkt)
    }
  }

  return {
    remember(proof) {
      forgetEnded()
      if (proofs.has(proof.id)) return 'used'
      const ofKey = perKey.get(proof.jkt) ?? 0
      if (proofs.size >= most || ofKey >= mostOfOneKey) {
        onFull()
        return 'full'
      }
      proofs.set(proof.id, proof)
      perKey.set(proof.jkt, ofKey + 1)
      return 'new'
    },
  }
}
