import { expect, test } from 'vitest'
import { createAsLong } from '../../src/signal-endpoints/global-revocation/as-long.ts'

test('an answer about nobody takes as long as one about somebody did lately', async () => {
  const waits: number[] = []
  let clock = 0
  const asLong = createAsLong(
    async (ms) => void waits.push(ms),
    () => clock,
  )
  const lasting = (ms: number) => async () => {
    clock += ms
  }
  for (const ms of [30, 40]) await asLong(1, lasting(ms))
  for (let count = 0; count < 40; count++) await asLong(0, async () => expect.fail('there is nobody to end'))
  expect(new Set(waits)).toEqual(new Set([30, 40]))
  for (let count = 0; count < 60; count++) await asLong(1, lasting(7))
  waits.length = 0
  await asLong(0, async () => {})
  expect(waits, 'what was long ago does not count').toEqual([7])
})

test('an act that fails, fails', async () => {
  await expect(createAsLong()(1, () => Promise.reject(new Error('no')))).rejects.toThrow('no')
})
