import { z } from 'zod'
import { checkReadiness, type HealthCheck } from '../../http/health.ts'
import type { KeyRing } from '../../keys/ring/key-ring.ts'
import type { ActiveNode } from '../../keys/ring/node-registry.ts'
import { type Route, route } from './route.ts'
import { epochSeconds } from './shapes.ts'

export type HealthRouteDeps = {
  readonly version: string
  /** What a node must reach to be ready. */
  readonly checks: readonly HealthCheck[]
  readonly keyRing: Pick<KeyRing, 'keys' | 'problem'>
  readonly mailer: { verify(): Promise<void> }
  /** Epoch milliseconds by the clock of the database. */
  readonly databaseClock: () => Promise<number>
  readonly listNodes: () => Promise<readonly ActiveNode[]>
}

const check = z.object({
  name: z.string().describe('What was looked at: database, storage, keys or mail.'),
  status: z.enum(['up', 'down']).describe('Whether it works.'),
  problem: z.string().optional().describe('Why it does not work.'),
})
const node = z.object({
  node: z.string().describe('The id of the node.'),
  seenAt: epochSeconds('When it was last seen'),
  keys: z.int().describe('How many keys it publishes.'),
})
const health = z
  .object({
    status: z.enum(['well', 'unwell']).describe('Whether everything in `checks` is up.'),
    version: z.string().describe('The version of Vestibule.'),
    node: z.string().describe('The version of Node.js.'),
    startedAt: epochSeconds('When this node started'),
    uptimeSeconds: z.int().describe('How long this node runs.'),
    checks: z.array(check).describe('What this node needs, each as it is now.'),
    clockSkewSeconds: z
      .number()
      .optional()
      .describe('Seconds by which the clock of this node is ahead of the database.'),
    nodes: z
      .array(node)
      .describe('Nodes that share this database and were seen in the last 30 s; none on the embedded database.'),
  })
  .meta({ id: 'Health' })

/** How the node that answers is, in more words than the probes may say. */
export function healthRoutes({ version, checks, keyRing, mailer, databaseClock, listNodes }: HealthRouteDeps): Route[] {
  const startedAtMs = Date.now()
  const all: readonly HealthCheck[] = [
    ...checks,
    { name: 'keys', check: async () => checkKeys(keyRing) },
    { name: 'mail', check: mailer.verify },
  ]
  return [
    route({
      method: 'GET',
      path: '/v1/health',
      summary: 'The health of this node, and of its database, storage, keys and mail',
      permission: 'health:read',
      result: health,
      async handle() {
        const { isReady, results } = await checkReadiness(all)
        const isDatabaseUp = results.some(({ name, status }) => name === 'database' && status === 'up')
        return {
          status: isReady ? ('well' as const) : ('unwell' as const),
          version,
          node: process.version,
          startedAt: Math.floor(startedAtMs / 1000),
          uptimeSeconds: Math.floor((Date.now() - startedAtMs) / 1000),
          checks: results,
          ...(isDatabaseUp && { clockSkewSeconds: Math.round((Date.now() - (await databaseClock())) / 1000) }),
          nodes: isDatabaseUp ? await listNodes() : [],
        }
      },
    }),
  ]
}

function checkKeys(keyRing: HealthRouteDeps['keyRing']): void {
  const problem = keyRing.problem()
  if (problem !== undefined) throw new Error(problem)
  if (!keyRing.keys().some(({ state }) => state === 'active')) throw new Error('no key signs')
}
