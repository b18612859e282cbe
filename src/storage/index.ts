import type { Knex } from 'knex'
import type { Storage } from './storage.ts'

type Settings = { readonly REDIS_URL?: string; readonly DATABASE_URL?: string; readonly DATA_DIR: string }

/** Picks the backend, and loads no other: Redis by REDIS_URL, Postgres by DATABASE_URL, else a file in DATA_DIR. */
export async function openStorage(settings: Settings, knex: Knex, onError: (error: unknown) => void): Promise<Storage> {
  if (settings.REDIS_URL) return (await import('./redis.ts')).openRedisStorage(settings.REDIS_URL, onError)
  if (settings.DATABASE_URL) return (await import('./sql.ts')).createSqlStorage(knex, onError)
  return (await import('./sqlite/index.ts')).openSqliteStorage({ dataDir: settings.DATA_DIR, knex, onError })
}
