import { expect, test } from 'vitest'
import { planReplacement } from '../../src/cluster/replacement.ts'

const LONG = 3_600_000
const serving = { isAnyServing: true }
const alone = { isAnyServing: false }
const early = (count: number) => Array.from({ length: count }, () => 500)

test('a worker that worked for a while is replaced at once', () => {
  expect(planReplacement([LONG], alone)).toEqual({ outcome: 'replace', afterMs: 0 })
  expect(planReplacement([...early(9), LONG], alone)).toEqual({ outcome: 'replace', afterMs: 0 })
})

test('after each early death the pause doubles, up to ten seconds', () => {
  const pauses = [1, 2, 3, 4, 5, 20].map((count) => planReplacement([LONG, ...early(count)], serving))
  expect(pauses.map((plan) => plan.outcome === 'replace' && plan.afterMs)).toEqual([100, 200, 400, 800, 1600, 10_000])
})

test('it is given up only when nobody serves any more', () => {
  expect(planReplacement(early(5), alone).outcome).toBe('replace')
  expect(planReplacement(early(6), alone).outcome).toBe('give up')
  expect(planReplacement(early(100), serving).outcome).toBe('replace')
})
