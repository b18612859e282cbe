import { type EndingFacts, type EndingSubject, subjectText, type TokenRecord } from './token-record.ts'

/** When and why a token ended. */
export type TokenEnd = {
  /** Epoch milliseconds. */
  readonly atMs: number
  /** `expired`, `rotated`, or the cause of an ending. */
  readonly cause: string
  readonly endedBy?: string
}

/** What is known of endings besides the token's own record. */
export type KnownEndings = {
  /** By subject, as `subjectText` writes it. */
  readonly endings: ReadonlyMap<string, readonly EndingFacts[]>
  /** Epoch milliseconds; undefined unless a refresh token was replaced. */
  readonly rotatedAtMs?: number | undefined
}

/**
 * The first thing that ended a token; undefined while nothing has. Endings of many sign-ins hold for what was granted
 * until their instant, by the same comparison that refuses the token.
 */
export function endOf(
  record: TokenRecord,
  { endings, rotatedAtMs }: KnownEndings,
  nowMs: number,
): TokenEnd | undefined {
  const ends: TokenEnd[] = reachesOf(record).flatMap(({ subject, beganAtMs }) =>
    (endings.get(subjectText(subject)) ?? [])
      .filter(({ untilMs }) => untilMs === undefined || beganAtMs <= untilMs)
      .map(({ atMs, cause, endedBy }) => ({
        // A token can be issued after the act that ends it: that of an instant still to come.
        atMs: Math.max(atMs, record.issuedAtMs),
        cause,
        ...(endedBy !== undefined && { endedBy }),
      })),
  )
  if (rotatedAtMs !== undefined) ends.push({ atMs: rotatedAtMs, cause: 'rotated' })
  if (record.expiresAt * 1000 <= nowMs) ends.push({ atMs: record.expiresAt * 1000, cause: 'expired' })
  return ends.toSorted((a, b) => a.atMs - b.atMs)[0]
}

/** Everything whose ending ends the token. */
export function subjectsOf(record: TokenRecord): string[] {
  return [...new Set(reachesOf(record).map(({ subject }) => subjectText(subject)))]
}

type Reach = { readonly subject: EndingSubject; readonly beganAtMs: number }

/** A token that was traded began with the trade for the client that holds it, and with the sign-in for all others. */
function reachesOf(record: TokenRecord): Reach[] {
  const { tokenId, kind, clientId, grantClientId = clientId, accountId, agentAccountId, companyUserId } = record
  const beganAtMs = record.grantedAtMs ?? record.issuedAtMs
  const named = (of: Exclude<EndingSubject['of'], 'everybody'>, id: string | undefined): Reach[] =>
    id === undefined ? [] : [{ subject: { of, id }, beganAtMs }]
  return [
    { subject: { of: 'everybody' }, beganAtMs },
    // One refresh token is never ended alone.
    ...(kind === 'refresh-token' ? [] : named('token', tokenId)),
    ...named('grant', record.grantId),
    ...named('grant', record.parentGrantId),
    ...named('account', accountId),
    ...named('account', agentAccountId),
    ...named('company-user', companyUserId),
    ...named('client', grantClientId),
    ...(grantClientId === clientId
      ? []
      : [{ subject: { of: 'client', id: clientId } as const, beganAtMs: record.issuedAtMs }]),
  ]
}
