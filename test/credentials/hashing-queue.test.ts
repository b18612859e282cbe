import { setTimeout } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { createHashingQueue } from '../../src/credentials/hashing-queue.ts'

test('no more tasks run at a time than there are cores', async () => {
  const queue = createHashingQueue({ concurrency: 2 })
  let running = 0
  let most = 0
  const task = async () => {
    most = Math.max(most, ++running)
    await setTimeout(1)
    running--
  }
  await Promise.all(Array.from({ length: 20 }, (_, index) => queue.run(`caller ${index % 3}`, task)))
  expect(most).toBe(2)
  expect(queue.depth()).toEqual({ running: 0, waiting: 0 })
})

test('a flood of one caller delays a task of another by one turn, not by the flood', async () => {
  const queue = createHashingQueue({ concurrency: 1 })
  const finished: string[] = []
  const run = (caller: string, name: string) =>
    queue.run(caller, async () => {
      await setTimeout(0)
      finished.push(name)
    })
  const flood = Array.from({ length: 100 }, (_, index) => run('flood', `flood ${index}`))
  const buyer = run('buyer', 'buyer')
  await Promise.all([...flood, buyer])
  expect(finished.indexOf('buyer')).toBeLessThanOrEqual(2)
})

test('a task that waited past the deadline is told when to come back', async () => {
  const queue = createHashingQueue({ concurrency: 1, deadlineMs: 20 })
  const release = Promise.withResolvers<void>()
  const first = queue.run('a', () => release.promise)
  const second = await queue.run('b', async () => 'ran')
  expect(second).toEqual({ outcome: 'busy', retryAfterSeconds: expect.any(Number) })
  release.resolve()
  expect((await first).outcome).toBe('done')
  expect(await queue.run('b', async () => 'ran')).toEqual({ outcome: 'done', result: 'ran' })
})

test('a caller with a full queue is busy at once while other callers are not', async () => {
  const queue = createHashingQueue({ concurrency: 1, callerLimit: 2 })
  const release = Promise.withResolvers<void>()
  const waiting = Array.from({ length: 3 }, () => queue.run('full', () => release.promise))
  expect((await queue.run('full', async () => 'ran')).outcome).toBe('busy')
  const other = queue.run('other', async () => 'ran')
  release.resolve()
  expect(await other).toEqual({ outcome: 'done', result: 'ran' })
  await Promise.all(waiting)
})

test('a task that fails gives its place back', async () => {
  const queue = createHashingQueue({ concurrency: 1 })
  await expect(queue.run('a', () => Promise.reject(new Error('no')))).rejects.toThrow('no')
  expect(await queue.run('a', async () => 1)).toEqual({ outcome: 'done', result: 1 })
})
