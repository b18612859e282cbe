import type { Knex } from 'knex'
import type { Storage } from '../storage/storage.ts'

const LOOK_EVERY_MS = 60_000

export type LongestLifetime = { seconds(): number; close(): Promise<void> }

/**
 * The longest an access token may live, over all clients and resource servers, at least `floorSeconds`: a retired
 * signing key must be published for as long, and an ending be told of. One that was lowered counts until the tokens of before
 * have expired. Looked up again when a client changes, and every minute.
 */
export async function openLongestLifetime({
  knex,
  storage,
  floorSeconds,
  onError,
}: {
  knex: Knex
  storage: Storage
  floorSeconds: number
  onError: (error: unknown) => void
}): Promise<LongestLifetime> {
  let longest = floorSeconds
  const look = async () => {
    const { rows } = await knex.raw<{ rows: { seconds: number | null }[] }>(
      `with longest as (
         select greatest(
           (select max((metadata ->> 'access_token_ttl_seconds')::integer) from clients),
           (select max((settings ->> 'accessTokenTtlSeconds')::integer) from resource_servers)) as seconds),
       noted as (
         insert into access_token_lifetimes as known (seconds, last_at)
         select seconds, :now from longest where seconds is not null
         on conflict (seconds) do update set last_at = greatest(known.last_at, excluded.last_at))
       select greatest(
         (select seconds from longest),
         (select max(seconds) from access_token_lifetimes where last_at + seconds > :now)) as seconds`,
      { now: Math.floor(Date.now() / 1000) },
    )
    longest = Math.max(floorSeconds, rows[0]?.seconds ?? 0)
  }
  const lookAgain = () => void look().catch(onError)
  await look()
  storage.subscribe('clients', lookAgain)
  storage.subscribe('resource-servers', lookAgain)
  const timer = setInterval(lookAgain, LOOK_EVERY_MS)
  timer.unref()
  return { seconds: () => longest, close: async () => clearInterval(timer) }
}
