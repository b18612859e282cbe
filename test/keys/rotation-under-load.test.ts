import { verify as verifySignature } from 'node:crypto'
import { setTimeout as pause } from 'node:timers/promises'
import { expect, onTestFinished, test } from 'vitest'
import { openDatabase } from '../../src/database/index.ts'
import { createKeyOperations } from '../../src/keys/ring/key-operations.ts'
import { type KeyRing, openKeyRing } from '../../src/keys/ring/key-ring.ts'
import { createNodeRegistry } from '../../src/keys/ring/node-registry.ts'
import { openKeyStore } from '../../src/keys/stores/index.ts'
import { describeOn } from '../support/describe-on.ts'
import { createDatabase } from '../support/shared.ts'
import { waitFor } from '../support/wait-for.ts'
import { quiet } from './quiet-log.ts'

const ROTATIONS = 5
const TOKENS = 1000
const TOKENS_PER_TICK = 10
const TICK_MS = 10

describeOn('postgres', 'three nodes on one Postgres, each with its own connections', () => {
  test('under steady load no rotation loses a token: each verifies on all nodes the moment it is issued', async () => {
    const DATABASE_URL = await createDatabase()
    const nodes = [await openNode(DATABASE_URL), await openNode(DATABASE_URL), await openNode(DATABASE_URL)]
    const load = startLoad(nodes)
    for (let rotation = 0; rotation < ROTATIONS; rotation++) {
      const operator = createKeyOperations(nodes[rotation % nodes.length] as KeyRing)
      // Refused until every node publishes the next key and verifiers' copies are a second old.
      await waitFor(async () => (await operator.rotate()).outcome === 'changed', { everyMs: 100 })
    }
    // A slow machine issues fewer in the same time: the load goes on until it was one.
    await waitFor(() => load.issued() > TOKENS)
    const { lost, signers } = await load.stop()
    expect(lost).toBe(0)
    expect(signers).toBeGreaterThanOrEqual(ROTATIONS)
  })
})

async function openNode(DATABASE_URL: string): Promise<KeyRing> {
  const { knex, close } = await openDatabase({ DATA_DIR: '', DATABASE_URL })
  const ring = await openKeyRing({
    store: await openKeyStore({ KEYS_URL: 'sql:', knex }),
    nodes: createNodeRegistry(knex),
    algorithms: ['ES256'],
    policy: { jwksCacheSeconds: 1, isAutomatic: false },
    log: quiet,
  })
  onTestFinished(async () => {
    await ring.close()
    await close()
  })
  return ring
}

/** Issues tokens on every node in turn, and looks each up on every node in the same instant. */
function startLoad(nodes: readonly KeyRing[]) {
  const signers = new Set<string>()
  let [issued, lost, isDone] = [0, 0, false]
  const issueOne = (node: KeyRing) => {
    const input = Buffer.from(`token ${issued++}`)
    const [key] = node.keys()
    if (!key) return
    signers.add(key.kid)
    const signature = key.sign(input) as Uint8Array
    for (const verifier of nodes) {
      const published = verifier.keys().find(({ kid }) => kid === key.kid)
      const verifyKey = published && ({ key: published.publicKey, dsaEncoding: 'ieee-p1363' } as const)
      if (!verifyKey || !verifySignature('sha256', input, verifyKey, signature)) lost++
    }
  }
  const running = (async () => {
    while (!isDone) {
      for (let count = 0; count < TOKENS_PER_TICK; count++) issueOne(nodes[issued % nodes.length] as KeyRing)
      await pause(TICK_MS)
    }
  })()
  return {
    issued: () => issued,
    async stop() {
      isDone = true
      await running
      return { lost, signers: signers.size }
    },
  }
}
