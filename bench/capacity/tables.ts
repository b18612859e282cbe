import { markdownTable } from '../report/columns.ts'
import { LIMITS, PLANNED_SHARE } from './costs.ts'
import { type Load, type Need, needOf, sharesOf, times } from './need.ts'

/** A million customers and 10,000 logins a minute. */
export const MILLION: Load = {
  customers: 1_000_000,
  signInsPerCustomer: 2,
  perSecond: { login: 10_000 / 60, refresh: 50, introspection: 10_000 },
  perDay: { login: 1_000_000, refresh: 2_000_000 },
  auditDays: 400,
  historyDays: 30,
}

const FACTORS = [1, 10, 100]
const REGIONS = 4

const ROWS: readonly (readonly [string, (need: Need) => string])[] = [
  ['cores that hash passwords', ({ hashCores }) => count(hashCores)],
  ['memory of hashes, MiB', ({ hashMebibytes }) => count(hashMebibytes)],
  ['cores for everything else', ({ serverCores }) => count(serverCores)],
  ['cores of Redis and Postgres', ({ storeCores }) => count(storeCores)],
  ['memory of Redis, GB', ({ redisBytes }) => decimal(redisBytes / 1e9)],
  ['commands to Redis a second', ({ redisCommands }) => count(redisCommands)],
  ['audit entries a second', ({ auditRows }) => count(auditRows)],
  ['disk of Postgres, GB', ({ postgresBytes }) => count(postgresBytes / 1e9)],
  ['network, Mbit a second', ({ bitsPerSecond }) => count(bitsPerSecond / 1e6)],
]

/** The tables of docs/capacity.md, by what they show. */
export function capacityTables(): Readonly<Record<'need' | 'shares' | 'region', string>> {
  const needs = FACTORS.map((factor) => needOf(times(MILLION, factor)))
  const customers = FACTORS.map((factor) => `${count((MILLION.customers * factor) / 1e6)} million customers`)
  const names = sharesOf(needs.at(-1) as Need).map(([name]) => name) // FACTORS is not empty
  const shares = needs.map((need) => new Map(sharesOf(need)))
  return {
    need: markdownTable(
      ['', ...customers],
      ROWS.map(([name, show]) => [name, ...needs.map(show)]),
    ),
    region: renderRegion(needOf(times(MILLION, 100 / REGIONS))),
    shares: markdownTable(
      ['', ...customers],
      names.map((name) => [name, ...shares.map((share) => decimal(share.get(name) ?? 0))]),
    ),
  }
}

/** A region that is home to its share of a hundred million customers. */
function renderRegion(need: Need): string {
  const byMemory = Math.ceil(need.redisBytes / LIMITS.redisBytes)
  const byCommands = Math.ceil(need.redisCommands / (LIMITS.redisCommands * PLANNED_SHARE))
  return markdownTable(
    [`in each of ${REGIONS} regions`, ''],
    [
      ...ROWS.map(([name, show]) => [name, show(need)]),
      ['shards of Redis, by memory', count(byMemory)],
      ['shards of Redis, by commands at half of the limit', count(byCommands)],
    ],
  )
}

function count(value: number): string {
  return Math.ceil(value).toLocaleString('en')
}

function decimal(value: number): string {
  return value.toLocaleString('en', { maximumSignificantDigits: 2 })
}
