import { mayDo, type Permission } from '../../administrators/role.ts'
import type { AuditCounts } from '../../audit/audit-rows.ts'
import type { CheckResult } from '../../http/health.ts'
import type { KeyListing } from '../../keys/ring/key-listing.ts'
import type { DialectUse } from '../routes/use-routes.ts'
import { findAttention } from './attention.ts'
import type { Listing } from './listing.ts'
import type { ConsolePage, ConsoleRequest } from './page.ts'
import { sumDialectUses, type UseSum } from './use-pages.ts'

const HOUR_SECONDS = 3600
const WATCH_EVERY_SECONDS = 30

type Health = {
  readonly version: string
  readonly startedAt: number
  readonly checks: readonly CheckResult[]
  readonly nodes: readonly object[]
}

/** What needs attention, and the figures of the last hour: the first thing an operator sees. */
export const overviewPage: ConsolePage = {
  path: '/',
  async open(request) {
    const now = Date.now() / 1000
    const since = new Date((now - HOUR_SECONDS) * 1000).toISOString()
    const ask = createAsk(request)
    const [keys, health, counted, uses] = await Promise.all([
      ask<Listing<KeyListing>>('keys', 'keys:read', '/v1/keys'),
      ask<Health>('health of this node', 'health:read', '/v1/health'),
      ask<{ counts: AuditCounts }>('audit trail', 'audit:read', `/v1/audit/counts?since=${encodeURIComponent(since)}`),
      ask<Listing<DialectUse>>('use of dialects', 'dialects:read', '/v1/dialects/uses'),
    ])
    const isWatching = request.query.watch !== undefined
    // By header: a page that refreshes itself must be asked for, and left, by the person (WCAG 2.2 §2.2.1).
    if (isWatching) request.ctx.set('Refresh', String(WATCH_EVERY_SECONDS))
    request.show('overview', {
      title: 'Overview',
      findings: findAttention(
        {
          ...(keys && { keys: keys.items }),
          ...(health && { checks: health.checks }),
          ...counted,
          unknown: ask.unknown,
        },
        now,
      ),
      keys: keys?.items,
      nextRotation: keys && soonest(keys.items),
      behind: keys && behindOn(keys.items),
      health,
      counts: counted?.counts,
      dialects: uses && byDialect(sumDialectUses(uses.items)),
      isWatching,
      watchEverySeconds: WATCH_EVERY_SECONDS,
      asOf: now,
    })
  },
}

/** Asks for parts of the page; what is down takes only its own part away, and is remembered in `unknown`. */
function createAsk({ api, operator }: ConsoleRequest) {
  const unknown: string[] = []
  async function ask<T>(part: string, permission: Permission, address: string): Promise<T | undefined> {
    if (!mayDo(operator.role, permission)) return undefined
    return api.get<T>(address).catch(() => {
      unknown.push(part)
      return undefined
    })
  }
  return Object.assign(ask, { unknown })
}

function soonest(keys: readonly KeyListing[]): KeyListing | undefined {
  const rotating = keys.filter(({ next }) => next === 'activate')
  return rotating.sort((a, b) => (a.nextAt ?? 0) - (b.nextAt ?? 0))[0]
}

/** Verifiers that lack a key that signs next, each once. */
function behindOn(keys: readonly KeyListing[]): number {
  const behind = keys.filter(({ state }) => state === 'pending').flatMap(({ verifiersBehind }) => verifiersBehind)
  return new Set(behind.map(({ verifier, address }) => `${verifier}\n${address}`)).size
}

function byDialect(sums: readonly UseSum[]): { dialect: string; count: number; clients: number }[] {
  return [...new Set(sums.map(({ what }) => what))].map((dialect) => {
    const own = sums.filter(({ what }) => what === dialect)
    return { dialect, count: own.reduce((total, { count }) => total + count, 0), clients: own.length }
  })
}
