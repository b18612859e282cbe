import type { Storage } from './storage.ts'

/** Operations that are a trip to the backend. */
const TRIPS = [
  'put',
  'putOnce',
  'get',
  'getMany',
  'findBy',
  'consume',
  'swap',
  'receipt',
  'extend',
  'remove',
  'raise',
  'increment',
  'publish',
] as const satisfies readonly (keyof Storage)[]

export type Trip = { readonly operation: string; readonly outcome: 'ok' | 'error'; readonly seconds: number }

/** The same storage, with every trip reported. */
export function measureStorage(storage: Storage, report: (trip: Trip) => void): Storage {
  const measured = TRIPS.map((operation) => {
    const run = storage[operation] as (...args: unknown[]) => Promise<unknown> // every trip is a method
    return [operation, measure(run, (outcome, seconds) => report({ operation, outcome, seconds }))] as const
  })
  return { ...storage, ...Object.fromEntries(measured) }
}

function measure(
  run: (...args: unknown[]) => Promise<unknown>,
  report: (outcome: 'ok' | 'error', seconds: number) => void,
) {
  return async (...args: unknown[]) => {
    const startedMs = performance.now()
    let outcome: 'ok' | 'error' = 'error'
    try {
      const answer = await run(...args)
      outcome = 'ok'
      return answer
    } finally {
      report(outcome, (performance.now() - startedMs) / 1000)
    }
  }
}
