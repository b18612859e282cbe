import { expect, test } from 'vitest'
import { waitFor } from './wait-for.ts'

test('waiting returns the first truthy answer', async () => {
  const answers = [undefined, false, 'ready', 'too late']
  expect(await waitFor(() => answers.shift(), { everyMs: 1 })).toBe('ready')
})

test('a throwing condition is asked again', async () => {
  let calls = 0
  const condition = () => {
    if (++calls < 3) throw new Error('not yet')
    return calls
  }
  expect(await waitFor(condition, { everyMs: 1 })).toBe(3)
})

test('a deadline that passes is said with what was waited for and the last failure', async () => {
  const condition = () => {
    throw new Error('connection refused')
  }
  await expect(waitFor(condition, { deadlineMs: 20, everyMs: 1, what: 'an answer' })).rejects.toThrow(
    'waited 20 ms for an answer: connection refused',
  )
})
