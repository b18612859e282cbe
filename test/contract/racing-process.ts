import { setTimeout as pause } from 'node:timers/promises'
import { openDatabase } from '../../src/database/index.ts'
import { openStorage } from '../../src/storage/index.ts'
import { type RacePlan, race } from './storage-race.ts'

/**
 * One of several processes that race for the same artifacts: connects, waits for the moment all begin, and writes its
 * wins to standard output.
 */
const { settings, plan, racer, beginsAtMs, dataDir } = JSON.parse(process.argv[2] as string) as {
  settings: { REDIS_URL?: string; DATABASE_URL?: string }
  plan: RacePlan
  racer: number
  beginsAtMs: number
  dataDir: string
}
const database = settings.DATABASE_URL ? await openDatabase({ ...settings, DATA_DIR: dataDir }) : undefined
const storage = await openStorage(settings, database?.knex as never, (error) => console.error(error))
await storage.ping()
await pause(Math.max(0, beginsAtMs - Date.now()))
console.log(JSON.stringify(await race(storage, plan, racer)))
await storage.close()
await database?.close()
