import { BYTES, HASH, LIMITS, PLANNED_SHARE, REQUESTS, type RequestCost } from './costs.ts'

type Rates = Readonly<Record<keyof typeof REQUESTS, number>>

/** What customers and services do. */
export type Load = {
  readonly customers: number
  readonly signInsPerCustomer: number
  readonly perSecond: Rates
  readonly perDay: Pick<Rates, 'login' | 'refresh'>
  readonly auditDays: number
  readonly historyDays: number
}

/** What it takes. Cores are busy to the planned share. */
export type Need = {
  readonly hashCores: number
  readonly hashMebibytes: number
  readonly serverCores: number
  readonly storeCores: number
  readonly redisBytes: number
  readonly redisCommands: number
  readonly auditRows: number
  readonly postgresBytes: number
  readonly bitsPerSecond: number
}

/** A load as processors, memory, disk and network. */
export function needOf({ customers, signInsPerCustomer, perSecond, perDay, auditDays, historyDays }: Load): Need {
  const sum = (part: keyof RequestCost, rates: Partial<Rates> = perSecond) =>
    Object.entries(REQUESTS).reduce((all, [name, cost]) => all + (rates[name as keyof Rates] ?? 0) * cost[part], 0)
  const hashCores = cores(perSecond.login * HASH.us)
  return {
    hashCores,
    hashMebibytes: hashCores * HASH.mebibytes,
    serverCores: cores(sum('serverUs')),
    storeCores: cores(sum('storesUs')),
    redisBytes: customers * (signInsPerCustomer * BYTES.signIn + BYTES.knownPlace),
    redisCommands: sum('redisCommands'),
    auditRows: sum('auditRows'),
    postgresBytes:
      customers * BYTES.customer +
      auditDays * sum('auditRows', perDay) * BYTES.auditRow +
      historyDays * sum('tokenRows', perDay) * BYTES.tokenRow,
    bitsPerSecond: 8 * sum('wireBytes'),
  }
}

/** The load of so many times the customers, who do the same. */
export function times(load: Load, factor: number): Load {
  const { login, refresh, introspection } = load.perSecond
  return {
    ...load,
    customers: load.customers * factor,
    perSecond: { login: login * factor, refresh: refresh * factor, introspection: introspection * factor },
    perDay: { login: load.perDay.login * factor, refresh: load.perDay.refresh * factor },
  }
}

/** How much of one Redis and one Postgres a need takes; above 1 there must be several. The greatest share breaks first. */
export function sharesOf(need: Need): readonly (readonly [part: string, share: number])[] {
  const shares: readonly (readonly [string, number])[] = [
    ['memory of one Redis', need.redisBytes / LIMITS.redisBytes],
    ['commands of one Redis', need.redisCommands / LIMITS.redisCommands],
    ['entries on one audit chain', need.auditRows / LIMITS.auditRows],
    ['processors of one Postgres', need.storeCores / LIMITS.postgresCores],
    ['disk of one Postgres', need.postgresBytes / LIMITS.postgresBytes],
  ]
  return shares.toSorted(([, a], [, b]) => b - a)
}

/** Whole cores for so many microseconds of work a second. */
function cores(microsecondsPerSecond: number): number {
  return Math.ceil(microsecondsPerSecond / 1e6 / PLANNED_SHARE)
}
