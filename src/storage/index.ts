import type { Knex } from 'knex'
import { openRedisStorage } from './redis.ts'
import { createSqlStorage } from './sql.ts'
import type { Storage } from './storage.ts'

/** Picks the backend: Redis where REDIS_URL is set, the database elsewhere. */
export async function openStorage(
  settings: { readonly REDIS_URL?: string; readonly DATABASE_URL?: string },
  knex: Knex,
  onError: (error: unknown) => void,
): Promise<Storage> {
  return settings.REDIS_URL
    ? openRedisStorage(settings.REDIS_URL, onError)
    : createSqlStorage(knex, { isShared: settings.DATABASE_URL !== undefined, onError })
}
