import type { Knex } from 'knex'
import type { Storage } from './storage.ts'

/** Picks the backend, and loads no other: Redis where REDIS_URL is set, the database elsewhere. */
export async function openStorage(
  settings: { readonly REDIS_URL?: string; readonly DATABASE_URL?: string },
  knex: Knex,
  onError: (error: unknown) => void,
): Promise<Storage> {
  if (settings.REDIS_URL) return (await import('./redis.ts')).openRedisStorage(settings.REDIS_URL, onError)
  const { createSqlStorage } = await import('./sql.ts')
  return createSqlStorage(knex, { isShared: settings.DATABASE_URL !== undefined, onError })
}
