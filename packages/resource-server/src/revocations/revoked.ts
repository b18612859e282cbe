import { actorsOf, type Claims } from '../claims.ts'
import type { Entry, Kind } from './page.ts'

/** The revocations at hand. */
export type Revoked = {
  /** Takes entries in; false when there is no room for all of them. */
  add(entries: readonly Entry[], nowSeconds: number): boolean
  /** Why a token with these claims is dead, or undefined. */
  find(claims: Claims): string | undefined
  size(): number
}

type Mark = { readonly at: number; readonly until: number }

/**
 * Keeps revocations until no token that they end can be alive, at most `maxEntries` of them. The rule: a token is dead if
 * its `jti` or sign-in was ended, or if it was issued at or before the second in which its subject, company user, client
 * or everybody was signed out. That second counts, as `iat` has no finer one: such a token is refused once, and the
 * app gets another.
 */
export function createRevoked(maxEntries: number, skewSeconds: number): Revoked {
  const marks: Readonly<Record<Kind, Map<string, Mark>>> = {
    j: new Map(),
    g: new Map(),
    s: new Map(),
    m: new Map(),
    c: new Map(),
    '*': new Map(),
  }
  const size = () => Object.values(marks).reduce((sum, { size }) => sum + size, 0)

  function prune(nowSeconds: number): void {
    for (const each of Object.values(marks)) {
      for (const [value, { until }] of each) if (until + skewSeconds < nowSeconds) each.delete(value)
    }
  }

  const isDead = (kind: 'j' | 'g', value: unknown) => typeof value === 'string' && marks[kind].has(value)
  const isBefore = (kind: 's' | 'm' | 'c' | '*', value: unknown, iat: number) => {
    const mark = typeof value === 'string' ? marks[kind].get(value) : undefined
    return mark !== undefined && iat <= mark.at
  }

  return {
    add(entries, nowSeconds) {
      prune(nowSeconds)
      let room = maxEntries - size()
      let isWhole = true
      for (const { kind, value, at, until } of entries) {
        if (until + skewSeconds < nowSeconds) continue
        const known = marks[kind].get(value)
        if (!known && room <= 0) {
          isWhole = false
          continue
        }
        if (!known) room -= 1
        marks[kind].set(value, { at: Math.max(at, known?.at ?? at), until: Math.max(until, known?.until ?? until) })
      }
      return isWhole
    },

    find(claims) {
      const { jti, gid, parent_gid, id_company_user, client_id, grant_client_id, iat } = claims
      if (isDead('j', jti)) return 'the token was revoked'
      if (isDead('g', gid) || isDead('g', parent_gid)) return 'its sign-in was ended'
      if (subjectsOf(claims).some((subject) => isBefore('s', subject, iat))) return 'its subject was signed out'
      if (isBefore('m', id_company_user, iat)) return 'its company user was signed out'
      if (isBefore('c', client_id, iat) || isBefore('c', grant_client_id, iat)) return 'its client was signed out'
      if (isBefore('*', '*', iat)) return 'everybody was signed out'
      if (claims.act && actorsOf(claims).some((actor) => isBefore('s', actor, iat))) return 'who acts was signed out'
      return undefined
    },
    size,
  }
}

/** Whose it is: tokens in the form of a shop system say it beside a `sub` of their own. */
function subjectsOf({ sub, customer_id, agent_id, anonymous_id }: Claims): readonly unknown[] {
  return [sub, customer_id, agent_id, ...(typeof anonymous_id === 'string' ? [`anonymous:${anonymous_id}`] : [])]
}
