import { expect, test } from 'vitest'
import { closedMs, MOST_ATTEMPTS, stepAfter } from '../../src/outbox/backoff.ts'

const waits = (random: number) =>
  Array.from({ length: MOST_ATTEMPTS - 1 }, (_, index) => {
    const step = stepAfter({ retry: 'busy' }, index + 1, random)
    if (step.outcome !== 'retry') throw new Error(step.outcome)
    return step.afterMs
  })

test('a message waits longer after each attempt, and its attempts span more than an hour', () => {
  for (const random of [0, 0.5, 1]) {
    const each = waits(random)
    expect(each.toSorted((a, b) => a - b)).toEqual(each)
    expect(each.reduce((sum, ms) => sum + ms)).toBeGreaterThan(3_600_000)
  }
  expect(waits(0)[0]).toBe(750)
  expect(waits(1)[0]).toBe(1250)
  expect(stepAfter({ retry: 'busy' }, MOST_ATTEMPTS)).toEqual({ outcome: 'given-up', failure: 'busy' })
})

test.each([
  [7, 7000],
  [3600, 300_000],
  [-5, 1000],
  [Number.NaN, 1000],
  [Number.POSITIVE_INFINITY, 1000],
])('a receiver that asks for %d seconds is left alone for %d ms', (afterSeconds, ms) => {
  expect(stepAfter({ retry: 'busy', afterSeconds }, 1, 0.5)).toMatchObject({ afterMs: ms })
  expect(closedMs(1, afterSeconds, { random: 0.5 })).toBe(ms)
})

test('a receiver that goes on failing is asked once a minute', () => {
  expect([1, 2, 3, 6, 7, 50, 5000].map((failures) => closedMs(failures, undefined, { random: 0.5 }))).toEqual([
    1000, 2000, 4000, 32_000, 60_000, 60_000, 60_000,
  ])
})
