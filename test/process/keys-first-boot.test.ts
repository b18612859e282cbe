import { afterAll, expect, test } from 'vitest'
import { startNodes } from '../keys/server-nodes.ts'
import { describeOn } from '../support/describe-on.ts'
import type { ServerProcess } from '../support/server.ts'
import { createDatabase } from '../support/shared.ts'
import { waitFor } from '../support/wait-for.ts'

const NODES = 10
/** Ten programs start on a machine that may be busy with other suites. */
const DEADLINE_MS = 300_000

describeOn('postgres', 'ten servers that start at once on an empty Postgres', () => {
  let nodes: ServerProcess[] = []
  afterAll(() => Promise.all(nodes.map((node) => node.kill())))

  test(
    'make one key set, and none of them fails',
    async () => {
      const settings = { DATABASE_URL: await createDatabase(), KEY_ENCRYPTION_KEY: 'a secret that all ten nodes share' }
      nodes = await startNodes(NODES, settings, { waitUntilReady: false })
      const sets = await Promise.all(nodes.map(publishedBy))
      expect(new Set(sets).size).toBe(1)
      // One that signs and one that waits, for each of the two algorithms.
      expect(sets[0]?.split(' ')).toHaveLength(4)
      expect(nodes.filter((node) => !node.isRunning())).toEqual([])
    },
    DEADLINE_MS + 30_000,
  )
})

async function publishedBy(node: ServerProcess): Promise<string> {
  const ask = async () => !node.isRunning() || (await fetch(`${node.url}/jwks`)).json()
  const answer = await waitFor(ask, { deadlineMs: DEADLINE_MS, everyMs: 500, what: `${node.url}/jwks` })
  if (!node.isRunning()) throw new Error(`a node ended: ${node.stdout()}${node.stderr()}`)
  const { keys } = answer as { keys: { kid: string }[] }
  return keys
    .map(({ kid }) => kid)
    .sort()
    .join(' ')
}
