import { type ChildProcess, spawn } from 'node:child_process'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { describeOn } from '../support/describe-on.ts'
import { temporaryDirectory } from '../support/run-directory.ts'
import { createDatabase, createRedisDatabase } from '../support/shared.ts'
import { createTestDatabase } from '../support/test-database.ts'
import { waitFor } from '../support/wait-for.ts'
import type { NodeSettings, StopsAt } from './crashing-node.ts'

const NODE = fileURLToPath(new URL('crashing-node.ts', import.meta.url))
type Settings = NodeSettings['settings']

/** A receiver of notices: which grants it was told of, in order. */
async function startReceiver() {
  const told: string[] = []
  const server: Server = createServer(async (request, response) => {
    let body = ''
    for await (const part of request) body += part
    told.push(String((JSON.parse(body) as { grantId: string }).grantId))
    response.statusCode = 204
    response.end()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
  return { told, url, close: () => new Promise((resolve) => server.close(resolve)) }
}

function suite(prepare: () => Promise<Settings>): void {
  let settings: Settings
  let receiver: Awaited<ReturnType<typeof startReceiver>>
  let nodes: ChildProcess[] = []
  beforeEach(async () => {
    settings = await prepare()
    receiver = await startReceiver()
  })
  afterEach(async () => {
    for (const node of nodes) await kill(node)
    nodes = []
    await receiver?.close()
  })

  function start(stopsAt: StopsAt, { ends = [], grants = [] }: Partial<Pick<NodeSettings, 'ends' | 'grants'>> = {}) {
    const given: NodeSettings = { settings, receiver: receiver.url, stopsAt, ends, grants }
    const node = spawn(process.execPath, [NODE, JSON.stringify(given)], { stdio: ['pipe', 'pipe', 'inherit'] })
    nodes.push(node)
    let said = ''
    node.stdout.on('data', (part) => {
      said += part
    })
    return {
      node,
      said: () => said,
      says: (words: string) => waitFor(() => said.includes(words), { what: words }),
      async asks(grantId: string): Promise<string> {
        node.stdin.write(`${grantId}\n`)
        const answer = new RegExp(`^${grantId} (lives|is gone)$`, 'm')
        return (await waitFor(() => answer.exec(said)))[1] as string // the pattern has it
      },
    }
  }

  function kill(node: ChildProcess): Promise<void> {
    if (node.exitCode !== null || node.signalCode !== null) return Promise.resolve()
    return new Promise((resolve) => {
      node.once('exit', () => resolve())
      node.kill('SIGKILL')
    })
  }

  test.each([
    ['cut-off', 'between the announcement and the cut-off'],
    ['settlement', 'between the cut-off and its place in the log'],
    ['delivery', 'between the ending and its delivery'],
  ] as const)('killed at the %s, %s: the ending holds and the notice goes out once', async (stopsAt, _where) => {
    const first = start(stopsAt, { grants: ['g1', 'g2'], ends: ['g1'] })
    await first.says(`stopped at ${stopsAt}`)
    await kill(first.node)
    expect(receiver.told).toEqual([])

    const second = start('never')
    await waitFor(() => receiver.told.length > 0, { what: 'the notice' })
    expect(await second.asks('g1')).toBe('is gone')
    expect(await second.asks('g2')).toBe('lives')
    await kill(second.node)
    const third = start('never', { ends: ['g2'] })
    await waitFor(() => receiver.told.includes('g2'))
    expect(third.said()).not.toContain('repaired')
    expect(receiver.told).toEqual(['g1', 'g2'])
  })

  test('killed at any moment under load: what was answered is told, and what is told has ended', async () => {
    const grants = Array.from({ length: 150 }, (_, index) => `load-${index}`)
    const first = start('never', { grants, ends: grants })
    await waitFor(() => (first.said().match(/^ended /gm) ?? []).length > 20)
    await kill(first.node)
    const answered = [...first.said().matchAll(/^ended (load-\d+)$/gm)].map(([, id]) => id)

    const second = start('never', { ends: ['last'] })
    await waitFor(() => receiver.told.includes('last'), { what: 'the notice of what ended last' })
    await waitFor(() => answered.every((id) => receiver.told.includes(String(id))), { what: 'every answered ending' })
    const gone = new Set<string>()
    for (const id of grants) if ((await second.asks(id)) === 'is gone') gone.add(id)
    await waitFor(() => [...gone].every((id) => receiver.told.includes(id)), { what: 'a notice of all that ended' })
    for (const id of receiver.told.filter((each) => each !== 'last')) expect(gone).toContain(id)
  })
}

describe('a node is killed, embedded', () => {
  suite(async () => (await createTestDatabase('migrated', { isEmbedded: true })).settings)
})
describeOn('redis', 'a node is killed', () => {
  describeOn('postgres', 'on Postgres and Redis', () => {
    suite(async () => ({
      DATA_DIR: temporaryDirectory('crash'),
      DATABASE_URL: await createDatabase(),
      REDIS_URL: await createRedisDatabase(),
    }))
  })
})
