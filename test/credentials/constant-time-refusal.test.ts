import { expect, test } from 'vitest'
import { createConstantTimeRefusal } from '../../src/credentials/constant-time-refusal.ts'

test('a quick refusal waits for the slowest kind of check in use', async () => {
  const floor = createConstantTimeRefusal()
  floor.observe('bcrypt', 40)
  floor.observe('argon2id(md5)', 10)
  const startedAtMs = performance.now()
  await floor.hold(10)
  expect(performance.now() - startedAtMs).toBeGreaterThan(35)
})

test('there is no floor while every password is our own, nor long after the last old one', async () => {
  let nowMs = 0
  const floor = createConstantTimeRefusal(() => nowMs)
  await expectAtOnce(floor.hold(0))
  floor.observe('bcrypt', 60_000)
  nowMs = 61 * 60 * 1000
  await expectAtOnce(floor.hold(0))
})

test('what is expected at a start counts at once, and is not forgotten', async () => {
  let nowMs = 0
  const floor = createConstantTimeRefusal(() => nowMs)
  floor.expect('bcrypt', 40)
  nowMs = 61 * 60 * 1000
  const startedAtMs = performance.now()
  await floor.hold(0)
  expect(performance.now() - startedAtMs).toBeGreaterThan(35)
})

async function expectAtOnce(held: Promise<void>): Promise<void> {
  let isOver = false
  held.then(() => {
    isOver = true
  })
  await Promise.resolve()
  await Promise.resolve()
  await Promise.resolve()
  expect(isOver).toBe(true)
}
