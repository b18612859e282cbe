import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import type { Database } from '../../src/database/database.ts'
import { openSecretGenerations } from '../../src/database/secret-generations.ts'
import { serverSecret } from '../../src/database/server-secrets.ts'
import { createMemoryStorage } from '../../src/storage/memory.ts'
import { openTestDatabase } from '../support/test-database.ts'
import { waitFor } from '../support/wait-for.ts'

let database: Database
beforeAll(async () => {
  database = await openTestDatabase()
})
afterAll(() => database.close())

test('a new generation is accepted by every node before any node uses it', async () => {
  const { nodes, pass } = await open('announced', 2)
  const [old] = nodes[0].values
  const { id, state } = await nodes[0].rotate()
  expect(state).toBe('waiting')
  for (const node of nodes) {
    await waitFor(() => node.values.length === 2)
    expect(node.values[0]).toBe(old)
  }
  await pass(19)
  for (const node of nodes) expect(node.values[0]).toBe(old)
  await pass(2)
  for (const node of nodes) expect(node.values).toEqual([expect.not.stringMatching(old), old])
  expect((await nodes[1].list()).map((each) => each.state)).toEqual(['used', 'kept'])
  expect(await nodes[1].drop(id)).toBe(false)
})

test('what an old generation made is needed from the moment the next one took over', async () => {
  const { nodes, pass } = await open('times', 1)
  const { usedFrom, createdAt } = await nodes[0].rotate()
  expect(usedFrom).toBe(createdAt + 20)
  expect((await nodes[0].list())[1]).toMatchObject({ state: 'used' })
  await pass(21)
  const [used, kept] = await nodes[0].list()
  expect(used).not.toHaveProperty('usedUntil')
  expect(kept?.usedUntil).toBeGreaterThanOrEqual(used?.usedFrom ?? 0)
})

test('a dropped generation is forgotten by every node, and one that waits can be taken back', async () => {
  const { nodes, pass } = await open('dropped', 2)
  const [{ id: first } = { id: '' }] = await nodes[0].list()
  const { id: unwanted } = await nodes[0].rotate()
  expect(await nodes[1].drop(unwanted)).toBe(true)
  await nodes[0].rotate()
  await pass(21)
  expect(await nodes[1].drop(first)).toBe(true)
  expect(await nodes[1].drop(first)).toBe(false)
  for (const node of nodes) await waitFor(() => node.values.length === 1)
  expect(nodes[0].values).toEqual(nodes[1].values)
})

test('nodes that start together agree on one first generation', async () => {
  const values = await Promise.all(Array.from({ length: 10 }, () => serverSecret(database.knex, 'first-boot')))
  expect(new Set(values).size).toBe(1)
})

/** Opens the secret on several nodes that hear of each other; `pass` lets seconds go by. */
async function open(name: string, count: number) {
  const announcements = createMemoryStorage()
  await serverSecret(database.knex, name)
  const openNode = async () => {
    const fail = (error: unknown) => expect.unreachable(String(error))
    const node = await openSecretGenerations({ knex: database.knex, name, announcements, onError: fail })
    onTestFinished(() => node.close())
    return node
  }
  const nodes = (await Promise.all(Array.from({ length: count }, openNode))) as [
    Awaited<ReturnType<typeof openNode>>,
    Awaited<ReturnType<typeof openNode>>,
  ]
  return {
    nodes,
    async pass(seconds: number) {
      const earlier = database.knex.raw('created_at - make_interval(secs => ?)', [seconds])
      await database.knex('server_secrets').where({ name }).update({ created_at: earlier })
      await Promise.all(nodes.map((node) => node.refresh()))
    },
  }
}
