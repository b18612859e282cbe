import { expect, test } from 'vitest'
import { growth } from '../../bench/report/growth.ts'

const legs = Array.from({ length: 20 }, (_, leg) => leg)

test.each([
  ['one that fills its caches first', legs.map((leg) => 300 - 100 / (leg + 1)), true],
  ['one that goes up and down', legs.map((leg) => 250 + 10 * (leg % 2)), true],
  ['one whose garbage is collected now and then', legs.map((leg) => 200 + 10 * (leg % 9)), true],
  ['one that was read once at the top of a saw', legs.map((leg) => (leg === 16 ? 240 : 200)), true],
  ['one that shrinks', legs.map((leg) => 300 - leg), true],
  ['one that leaks a hundredth a leg', legs.map((leg) => 200 + 2 * leg), false],
  ['one that leaks below a saw', legs.map((leg) => 200 + 10 * (leg % 9) + 3 * leg), false],
  ['one that begins to leak late', legs.map((leg) => 200 + Math.max(0, leg - 12) * 5), false],
])('a memory is told from one that leaks: %s', (_, sizes, isFlat) => {
  expect(growth(sizes).isFlat).toBe(isFlat)
})
