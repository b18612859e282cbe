import { expect, test } from 'vitest'
import { openRounds } from '../src/rounds.ts'
import { waitFor } from './support/wait-for.ts'

test('what is new during a round has a round of its own, and none is beside another', async () => {
  let [begun, atOnce, most] = [0, 0, 0]
  const ends: (() => void)[] = []
  const rounds = openRounds({
    run: async () => {
      begun += 1
      atOnce += 1
      most = Math.max(most, atOnce)
      await new Promise<void>((resolve) => ends.push(resolve))
      atOnce -= 1
    },
    nextMs: (isWoken) => (isWoken ? 0 : undefined),
  })
  await waitFor(() => begun === 1, { what: 'the first round' })
  for (let count = 0; count < 3; count++) rounds.wake()
  ends[0]?.()
  await waitFor(() => begun === 2, { what: 'the second round' })
  const closed = rounds.close()
  rounds.wake()
  ends[1]?.()
  await closed
  expect([begun, most]).toEqual([2, 1])
})

test('waking does not shorten the time that a failure asked for, and is not forgotten by the round that follows', async () => {
  let [begun, isFailing] = [0, true]
  const woken: boolean[] = []
  const rounds = openRounds({
    run: async () => {
      begun += 1
    },
    nextMs: (isWoken) => {
      woken.push(isWoken)
      return isFailing ? 3_600_000 : isWoken ? 0 : undefined
    },
  })
  await waitFor(() => begun === 1, { what: 'the first round' })
  rounds.wake()
  expect([begun, woken.at(-1)]).toEqual([1, true])
  isFailing = false
  rounds.wake()
  await waitFor(() => begun === 2, { what: 'the round after the failure' })
  await rounds.close()
})
