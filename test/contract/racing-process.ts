import { existsSync } from 'node:fs'
import { openDatabase } from '../../src/database/index.ts'
import { openStorage } from '../../src/storage/index.ts'
import { waitFor } from '../support/wait-for.ts'
import { type RacePlan, race } from './storage-race.ts'

/**
 * One of several processes that race for the same artifacts: connects, says so, waits for the file that lets all begin,
 * and writes its wins to standard output.
 */
const { settings, plan, racer, begin, dataDir } = JSON.parse(process.argv[2] as string) as {
  settings: { REDIS_URL?: string; DATABASE_URL?: string }
  plan: RacePlan
  racer: number
  begin: string
  dataDir: string
}
const database = settings.DATABASE_URL ? await openDatabase({ ...settings, DATA_DIR: dataDir }) : undefined
const storage = await openStorage({ ...settings, DATA_DIR: dataDir }, database?.knex as never, (error) =>
  console.error(error),
)
await storage.ping()
console.log('ready')
await waitFor(() => existsSync(begin), { everyMs: 2, what: 'all racers' })
console.log(JSON.stringify(await race(storage, plan, racer)))
await storage.close()
await database?.close()
