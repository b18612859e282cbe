import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { parseArgs } from 'node:util'
import { openDatabase } from '../../src/database/index.ts'
import { createEndSignIn } from '../../src/oauth/sign-outs/end-sign-in.ts'
import { openExpanders } from '../../src/outbox/expanders.ts'
import { postOnce } from '../../src/outbox/http-result.ts'
import { openOutbox } from '../../src/outbox/outbox.ts'
import { createGuardedFetch } from '../../src/outgoing/guarded-fetch.ts'
import { openEndingLog } from '../../src/sign-in-endings/ending-log.ts'
import { openStorage } from '../../src/storage/index.ts'
import { startPostgres } from '../../test/support/postgres-server.ts'
import { startRedis } from '../../test/support/redis-server.ts'
import { closeRunDirectory, openRunDirectory } from '../../test/support/run-directory.ts'

/**
 * Ends many sign-ins at once on Postgres and Redis of its own, each told to one application and one stream on loopback, and prints how
 * fast they end, how many messages wait meanwhile, and the memory of the process. `--count`, `--at-once`, `--receivers`.
 */
const { values } = parseArgs({
  options: {
    count: { type: 'string', default: '100000' },
    'at-once': { type: 'string', default: '500' },
    receivers: { type: 'string', default: '20' },
  },
})
const [count, atOnce, receivers] = [values.count, values['at-once'], values.receivers].map(Number) as [
  number,
  number,
  number,
]

let posts = 0
const receiver = createServer((request, response) => {
  request.resume().on('end', () => {
    posts++
    response.writeHead(204).end()
  })
}).listen(0, '127.0.0.1')
await once(receiver, 'listening')
const url = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/`

const directory = openRunDirectory()
const postgres = await startPostgres()
const redis = await startRedis()
const settings = {
  DATABASE_URL: await postgres.createDatabase(),
  REDIS_URL: `redis://127.0.0.1:${redis.port}`,
  DATA_DIR: '',
}
const database = await openDatabase(settings)
const { knex } = database
const storage = await openStorage(settings, knex, console.error)
const log = { warn: (facts: object) => console.error(JSON.stringify(facts)) } as never // prints
const keepUnlogged = () => Promise.reject(new Error('the database is away'))
const sealKeys = ['a secret of this run'] as const
const endingLog = openEndingLog({ database, log, sealKeys, keepUnlogged, longestTokenSeconds: () => 28_800 })
const outbox = openOutbox({ knex, log })
const fetch = createGuardedFetch({ allowedNetworks: ['127.0.0.0/8'] })
for (const kind of ['logout', 'stream']) {
  const send = ({ payload }: { payload: object }) => postOnce(fetch, url, { body: JSON.stringify(payload) })
  outbox.register(kind, { send, isGone: async () => false })
}
const expanders = openExpanders({ knex, endingLog, outbox, log })
await expanders.registerExpander('both', async ({ seq, accountId }) =>
  ['logout', 'stream'].map((kind) => ({ kind, receiver: `r${seq % receivers}`, payload: { sub: accountId } })),
)
const endSignIn = createEndSignIn({ storage, endingLog, publishSignInEnded: async () => {} })

const startedMs = performance.now()
const seconds = () => ((performance.now() - startedMs) / 1000).toFixed(1)
let ended = 0
let mostWaiting = 0
async function report(): Promise<number> {
  const [row] = await knex('outbox_messages').count<{ count: string }[]>('seq')
  const behind = (await expanders.behind()).get('both') ?? 0
  const waiting = Number(row?.count)
  mostWaiting = Math.max(mostWaiting, waiting)
  const megabytes = Math.round(process.memoryUsage().rss / 2 ** 20)
  console.log(
    `${seconds()} s: ended ${ended}, to expand ${behind}, waiting ${waiting}, delivered ${posts}, ${megabytes} MiB`,
  )
  return waiting + behind
}
const timer = setInterval(() => void report(), 5000)
let next = 0
const worker = async () => {
  while (next < count) {
    await endSignIn({ what: { of: 'customer', id: `customer-${next++}` }, why: 'operator', by: 'bench' })
    ended++
  }
}
await Promise.all(Array.from({ length: atOnce }, worker))
console.log(`all ${count} ended after ${seconds()} s`)
for (let left = await report(); left > 0; left = await report())
  await new Promise((resolve) => setTimeout(resolve, 2000))
console.log(`all told after ${seconds()} s; most waiting at a look: ${mostWaiting}`)
clearInterval(timer)
await expanders.close()
await outbox.close()
await endingLog.close()
await storage.close()
await database.close()
await redis.stop()
await postgres.stop()
receiver.close()
closeRunDirectory(directory)
