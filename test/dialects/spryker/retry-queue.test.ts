import { expect, test } from 'vitest'
import { createRetryQueue } from '../../../src/dialects/retry-queue.ts'
import { waitFor } from '../../support/wait-for.ts'

const quick = { limit: 3, inFlight: 1, maxAttempts: 3, firstDelayMs: 1 }

test('what keeps failing is given up after the last attempt, and says why', async () => {
  const attempts: string[] = []
  const givenUp: string[][] = []
  const queue = createRetryQueue<string>({
    ...quick,
    async attempt(item) {
      attempts.push(item)
      return 'nobody home'
    },
    onGivenUp: (...event) => givenUp.push(event),
  })
  queue.add('a')
  await waitFor(() => givenUp.length > 0, { what: 'giving up' })
  expect(attempts).toEqual(['a', 'a', 'a'])
  expect(givenUp).toEqual([['a', 'nobody home']])
  await queue.close()
})

test('a full queue takes nothing more, and closing gives up what has not begun', async () => {
  let release = () => {}
  const held = new Promise<undefined>((resolve) => {
    release = () => resolve(undefined)
  })
  const givenUp: string[] = []
  const queue = createRetryQueue<string>({ ...quick, attempt: () => held, onGivenUp: (item) => givenUp.push(item) })
  expect(['a', 'b', 'c', 'd'].map(queue.add)).toEqual([true, true, true, false])
  const closed = queue.close()
  expect(queue.add('e')).toBe(false)
  release()
  await closed
  expect(givenUp).toEqual(['b', 'c'])
})
