import type { Storage } from '../../src/storage/storage.ts'

export type RacePlan = { readonly run: string; readonly rounds: number; readonly attempts: number }

/** How often this racer won each round. */
export type RaceResult = { readonly consume: number[]; readonly putOnce: number[]; readonly swap: number[] }

const TTL = 600
const AT_ONCE = 2

/** Lays out what is raced for. */
export async function prepareRace(storage: Storage, { run, rounds }: RacePlan): Promise<void> {
  await inWaves(rounds, async (round) => {
    await storage.put('Raced', `${run}-consume-${round}`, { round }, TTL)
    await storage.put('Raced', `${run}-swap-${round}`, { round }, TTL)
  })
}

/** Tries each round several times at once and counts its own wins. */
export async function race(storage: Storage, { run, rounds, attempts }: RacePlan, racer: number): Promise<RaceResult> {
  const wins = async (attempt: () => Promise<boolean>) =>
    (await Promise.all(Array.from({ length: attempts }, attempt))).filter(Boolean).length
  const result: RaceResult = { consume: [], putOnce: [], swap: [] }
  await inWaves(rounds, async (round) => {
    const swapped = { artifact: { racer }, ttlSeconds: TTL, receipt: { body: String(racer), ttlSeconds: TTL } }
    const [consume, putOnce, swap] = await Promise.all([
      wins(() => storage.consume('Raced', `${run}-consume-${round}`)),
      wins(() => storage.putOnce('Raced', `${run}-once-${round}`, { racer }, TTL)),
      wins(() => storage.swap('Raced', `${run}-swap-${round}`, 0, swapped)),
    ])
    result.consume[round] = consume
    result.putOnce[round] = putOnce
    result.swap[round] = swap
  })
  return result
}

async function inWaves(rounds: number, each: (round: number) => Promise<void>): Promise<void> {
  for (let from = 0; from < rounds; from += AT_ONCE) {
    const wave = Array.from({ length: Math.min(AT_ONCE, rounds - from) }, (_, index) => each(from + index))
    await Promise.all(wave)
  }
}
