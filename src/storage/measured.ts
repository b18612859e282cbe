import type { Storage } from './storage.ts'
import { ARTIFACT_TRIPS, OTHER_TRIPS } from './trips.ts'

export type Trip = { readonly operation: string; readonly outcome: 'ok' | 'error'; readonly seconds: number }

/** The same storage, with every trip reported. */
export function measureStorage(storage: Storage, report: (trip: Trip) => void): Storage {
  const measured = [...ARTIFACT_TRIPS, ...OTHER_TRIPS].map((operation) => {
    const run = storage[operation] as (...args: unknown[]) => Promise<unknown> // every trip is a method
    return [operation, measure(run, (outcome, seconds) => report({ operation, outcome, seconds }))] as const
  })
  return { ...storage, ...Object.fromEntries(measured) }
}

function measure(
  run: (...args: unknown[]) => Promise<unknown>,
  report: (outcome: 'ok' | 'error', seconds: number) => void,
) {
  return (...args: unknown[]) => {
    const startedMs = performance.now()
    const done = (outcome: 'ok' | 'error') => report(outcome, (performance.now() - startedMs) / 1000)
    return run(...args).then(
      (answer) => {
        done('ok')
        return answer
      },
      (error: unknown) => {
        done('error')
        throw error
      },
    )
  }
}
