import type { AuditCounts } from '../../audit/audit-rows.ts'
import type { CheckResult } from '../../http/health.ts'
import type { KeyListing } from '../../keys/ring/key-listing.ts'
import { length } from './time-format.ts'

/** Something an operator should look at, the worst first; `href` leads to where it is mended. */
export type Finding = { readonly severity: 'problem' | 'warning'; readonly sentence: string; readonly href: string }

/** What is known of the server; a part that could not be asked is absent. */
export type Figures = {
  readonly keys?: readonly KeyListing[]
  /** Of this node: what it stands on, and whether it answers. */
  readonly checks?: readonly CheckResult[]
  /** Of the last hour. */
  readonly counts?: AuditCounts
  /** Parts that did not answer, so that their state is unknown. */
  readonly unknown?: readonly string[]
}

/** A rotation with verifiers behind is worth a look this long before. */
const ROTATION_NEAR_SECONDS = 2 * 86_400
/** Fewer refusals than this are people who mistype. */
const REFUSALS_WORTH_A_LOOK = 20

/** What needs attention now. Pure: `now` is epoch seconds. */
export function findAttention({ keys = [], checks = [], counts = {}, unknown = [] }: Figures, now: number): Finding[] {
  return [
    ...unknown.map(findUnknown),
    ...findHealth(checks),
    ...findTheft(counts),
    ...findKeys(keys, now),
    ...findLogins(counts),
  ].sort((a, b) => rank(a) - rank(b))
}

function findUnknown(part: string): Finding {
  const sentence = `The ${part} could not be read. Read the log, and check the database and storage.`
  return { severity: 'problem', sentence, href: '/console/#health' }
}

function findHealth(checks: readonly CheckResult[]): Finding[] {
  return checks
    .filter(({ status }) => status === 'down')
    .map(({ name, problem }) => ({
      severity: 'problem',
      sentence: `${name.charAt(0).toUpperCase()}${name.slice(1)} is down${problem ? `: ${problem}` : ''}.`,
      href: '/console/#health',
    }))
}

function findTheft(counts: AuditCounts): Finding[] {
  const stolen = counts['refresh.theft'] ?? 0
  const lost = counts['audit.gap'] ?? 0
  const findings: Finding[] = []
  if (stolen > 0) {
    const sentence = `${times(stolen, 'refresh token was', 'refresh tokens were')} used again after rotation. The sign-ins were ended; see whose they were.`
    findings.push({ severity: 'problem', sentence, href: '/console/audit?type=refresh.theft' })
  }
  if (lost > 0) {
    const sentence = 'Audit entries were lost because they could not be written to the database.'
    findings.push({ severity: 'problem', sentence, href: '/console/audit?type=audit.gap' })
  }
  return findings
}

function findKeys(keys: readonly KeyListing[], now: number): Finding[] {
  const findings: Finding[] = []
  for (const key of keys.filter(({ next }) => next === 'activate')) {
    const untilSeconds = (key.nextAt ?? now) - now
    const behind = key.verifiersBehind.length
    if (behind > 0 && untilSeconds < ROTATION_NEAR_SECONDS) {
      const when = untilSeconds > 0 ? `in ${length(untilSeconds)}` : 'now'
      const sentence = `${times(behind, 'verifier has', 'verifiers have')} not fetched the ${key.algorithm} key that signs ${when}.`
      findings.push({ severity: 'warning', sentence, href: '/console/keys' })
    }
  }
  for (const algorithm of new Set(keys.map((key) => key.algorithm))) {
    const own = keys.filter((key) => key.algorithm === algorithm)
    if (own.some(({ state }) => state === 'active') && !own.some(({ state }) => state === 'pending')) {
      const sentence = `There is no pending ${algorithm} key for the next rotation.`
      findings.push({ severity: 'warning', sentence, href: '/console/keys/generate' })
    }
  }
  return findings
}

function findLogins(counts: AuditCounts): Finding[] {
  const refused = counts['login.refused'] ?? 0
  const locked = counts['login.locked'] ?? 0
  const succeeded = counts['login.succeeded'] ?? 0
  if (locked === 0 && (refused < REFUSALS_WORTH_A_LOOK || refused < succeeded)) return []
  const sentence = `${times(refused, 'login was', 'logins were')} refused and ${locked} locked in the last hour, ${succeeded} succeeded. This may be an attack on passwords.`
  return [{ severity: 'warning', sentence, href: `/console/audit?type=login.${locked > 0 ? 'locked' : 'refused'}` }]
}

function rank({ severity }: Finding): number {
  return severity === 'problem' ? 0 : 1
}

function times(count: number, one: string, many: string): string {
  return `${count} ${count === 1 ? one : many}`
}
