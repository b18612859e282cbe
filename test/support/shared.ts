import { inject } from 'vitest'
import type { SharedThing } from './shared-servers.ts'

/** What a database has from the start: all migrations, and for `demo` the demo data too. */
export type TemplateKind = 'migrated' | 'demo'

/** Makes a database on the Postgres of this run and returns its URL: empty, or migrated and with the demo data. */
export function createDatabase({ demo = false }: { readonly demo?: boolean } = {}): Promise<string> {
  return askShared(demo ? 'postgres-demo-database' : 'postgres-database')
}

/**
 * The URL of an unused database on the Redis of this run. Keys are apart from those of other test files; publish and
 * subscribe are not, as Redis keeps one space of channels: a test that counts messages calls `startRedis`.
 */
export function createRedisDatabase(): Promise<string> {
  return askShared('redis-database')
}

/** Asks the process that runs all tests for something they share. */
export async function askShared(thing: SharedThing): Promise<string> {
  // Not kept alive: a test that blocked this process for seconds would find the connection closed.
  const response = await fetch(`${inject('sharedServers')}/${thing}`, { headers: { connection: 'close' } })
  const text = await response.text()
  if (!response.ok) throw new Error(`${thing}: ${text}`)
  return text
}
