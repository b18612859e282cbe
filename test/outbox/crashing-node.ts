import { openDatabase } from '../../src/database/index.ts'
import { carryOut } from '../../src/oauth/sign-outs/carry-out.ts'
import { createEndSignIn, type Ending } from '../../src/oauth/sign-outs/end-sign-in.ts'
import { openExpanders } from '../../src/outbox/expanders.ts'
import { postOnce } from '../../src/outbox/http-result.ts'
import { openOutbox } from '../../src/outbox/outbox.ts'
import { createGuardedFetch } from '../../src/outgoing/guarded-fetch.ts'
import { openEndingLog } from '../../src/sign-in-endings/ending-log.ts'
import { openRepair } from '../../src/sign-in-endings/repair.ts'
import { createUnlogged } from '../../src/sign-in-endings/unlogged.ts'
import { openStorage } from '../../src/storage/index.ts'
import type { Storage } from '../../src/storage/storage.ts'

/** Where the process stops for ever, so that it can be killed there. */
export type StopsAt = 'never' | 'cut-off' | 'settlement' | 'delivery'

export type NodeSettings = {
  readonly settings: { readonly DATA_DIR: string; readonly DATABASE_URL?: string; readonly REDIS_URL?: string }
  readonly receiver: string
  readonly stopsAt: StopsAt
  /** Ended at the start, each a grant of its own. */
  readonly ends: readonly string[]
  /** Grants that are there from the start. */
  readonly grants: readonly string[]
}

/** A node that ends sign-ins and tells one receiver of each; it says what it does on standard output. */
const { settings, receiver, stopsAt, ends, grants } = JSON.parse(String(process.argv[2])) as NodeSettings
const say = (word: string) => process.stdout.write(`${word}\n`)
const stop = <T>(at: StopsAt): Promise<T> => {
  say(`stopped at ${at}`)
  return new Promise<T>(() => {})
}

const log = { warn: (facts: object) => process.stderr.write(`${JSON.stringify(facts)}\n`) } as never // prints
const database = await openDatabase(settings)
const { knex } = database
const storage = await openStorage(settings, knex, (error) => process.stderr.write(`${error}\n`))
const sealKeys = ['a secret of both processes'] as const
const unlogged = createUnlogged(storage)
const deps = { database, log, sealKeys, keepUnlogged: unlogged.keep, longestTokenSeconds: () => 3600, lookEveryMs: 50 }
const endingLog = openEndingLog(deps)
const outbox = openOutbox({ knex, log, lookEveryMs: 50, sendLimitMs: 1000 })
outbox.register('notice', {
  async send({ id, payload }) {
    if (stopsAt === 'delivery') return stop('delivery')
    const request = { headers: { 'content-type': 'application/json' }, body: JSON.stringify({ id, ...payload }) }
    return postOnce(createGuardedFetch({ allowedNetworks: ['127.0.0.0/8'] }), receiver, request)
  },
  isGone: async () => false,
})
const expanders = openExpanders({ knex, endingLog, outbox, log })
await expanders.registerExpander('notices', async ({ grantId }) => [
  { kind: 'notice', receiver: 'the receiver', orderKey: 'all', payload: { grantId } },
])
const halting: Pick<Storage, 'remove' | 'put' | 'raise'> = {
  put: storage.put,
  raise: storage.raise,
  remove: (kind, id) => (stopsAt === 'cut-off' ? stop('cut-off') : storage.remove(kind, id)),
}
const endSignIn = createEndSignIn({
  storage: halting,
  endingLog: stopsAt === 'settlement' ? { ...endingLog, settle: () => stop('settlement') } : endingLog,
  publishSignInEnded: async () => {},
})
openRepair({
  knex,
  endingLog,
  unlogged,
  sealKeys,
  endAgain: (ending) => carryOut(storage, ending),
  publish: async ({ grantId }) => void say(`repaired ${grantId}`),
  readUpTo: expanders.readUpTo,
  log,
  everyMs: 50,
  afterMs: stopsAt === 'never' ? 200 : 3_600_000,
})
for (const id of grants) await storage.put('Grant', id, { exp: 9_999_999_999 }, 3600)
say('ready')
const end = (grantId: string): Ending => ({ what: { of: 'grant', grantId, accountId: 'anna' }, why: 'sign-out' })
await Promise.all(ends.map(async (grantId) => void say(`ended ${await endSignIn(end(grantId)).then(() => grantId)}`)))
process.stdin.on('data', async (asked) => {
  const id = String(asked).trim()
  say(`${id} ${(await storage.get('Grant', id)) ? 'lives' : 'is gone'}`)
})
