import { hash } from 'node:crypto'
import { errors } from 'oidc-provider'
import type { ClientMetadata } from '../../clients/client.ts'
import type { ResourceServer } from '../../clients/resource-servers.ts'
import { networkOf } from '../../credentials/ip-network.ts'
import { Unavailable } from '../../http/unavailable.ts'
import type { StoredArtifact } from '../../storage/storage.ts'
import { actingAs, isCurrentToken } from '../refresh/family.ts'
import { nextStep, type Step } from '../refresh/next-step.ts'
import { type RefreshPolicy, refreshPolicyOf } from '../refresh/refresh-policy.ts'
import { sealReceipt } from '../refresh/refresh-receipt.ts'
import { grantTtlSeconds, keptAhead, refreshRetrySeconds, refreshTokenTtlSeconds } from '../tokens/lifetimes.ts'
import { type Asker, loseRace, type Presented, type ReuseDeps } from './refresh-reuse.ts'

/** Twins come in twos; more tries than this, and something else is wrong. */
const MOST_TWINS = 10

/** A refresh token that works, and what it is to be answered with. */
export type Refresh = {
  readonly presented: Presented
  readonly client: ClientMetadata
  /** Whose tokens are refreshed. */
  readonly server: ResourceServer | undefined
  /** Epoch seconds: when a refresh token that came of an access token ends, however often it is used. */
  readonly endsAt?: number | undefined
  /** Makes the answer that names `refreshToken` as the one to use next. */
  answer(refreshToken: string): Promise<RefreshAnswer>
  /** Called once the family took its step, and never for an answer that is given again. */
  readonly settle?: () => Promise<unknown>
}

export type RefreshAnswer = { readonly body: object; readonly accessTtlSeconds: number }

/**
 * Takes a family to its next step. One request wins the swap; a twin that loses it gets the winner's answer, or goes on
 * with the same refresh token where the policy lets an old one work on.
 */
export async function takeRefreshStep(deps: ReuseDeps, asker: Asker, refresh: Refresh): Promise<object> {
  const { presented, client, server, endsAt } = refresh
  const { artifact } = presented.stored
  const policy = refreshPolicyOf(client, server)

  const step = nextStep(policy, presented, deps.refreshTokens)
  const shownFrom = policy === 'lazy' ? noteElsewhere(deps, asker, presented, step) : undefined
  const { body, accessTtlSeconds } = await refresh.answer(step.answered)
  const ageSeconds = nowSeconds() - Number(artifact.iiat)
  const ttlSeconds = Math.min(refreshTokenTtlSeconds(client, ageSeconds), leftSeconds(endsAt))
  const keep = keepGrant(artifact, grantTtlSeconds(ttlSeconds, accessTtlSeconds))
  const next: Next = {
    grantKeptUntil: keep.until,
    ttlSeconds,
    ...(policy === 'rotate' && { receiptBody: body, retrySeconds: refreshRetrySeconds(client) }),
    ...(shownFrom !== undefined && { shownFrom }),
  }
  const endedPlace = endedPlaceOf(policy, presented.parts.place)
  asker.state.refreshed = {
    expiresAt: nowSeconds() + ttlSeconds,
    ...(endedPlace !== undefined && { replacedPlace: endedPlace }),
  }
  const [isWinner] = await Promise.all([
    store(deps, presented, step, next),
    keep.forSeconds !== undefined && deps.storage.extend('Grant', String(artifact.grantId), keep.forSeconds),
  ])
  if (!isWinner && policy === 'rotate') return loseRace(deps, asker, presented)
  const answered = isWinner ? step.answered : await followTwin(deps, presented, { policy, next })
  await refresh.settle?.()
  if (isWinner) deps.count(policy === 'keep' ? 'kept' : 'rotated')
  return { ...body, refresh_token: answered }
}

/** Until when the family's grant is kept (epoch seconds), and for how long from now, where its life must be lengthened. */
function keepGrant({ grantKeptUntil }: StoredArtifact['artifact'], neededSeconds: number) {
  const until = Number(grantKeptUntil ?? 0)
  if (until >= nowSeconds() + neededSeconds) return { until }
  const forSeconds = keptAhead(neededSeconds)
  return { until: nowSeconds() + forSeconds, forSeconds }
}

/** Seconds until then, rounded down, so that what is stored in the next second ends no later; no limit for any other refresh token. */
export function leftSeconds(endsAt: number | undefined): number {
  return Math.max(1, (endsAt ?? Number.POSITIVE_INFINITY) - Math.ceil(Date.now() / 1000))
}

/** The last place of a family that has ended once the token at `place` was used; undefined where none has. */
function endedPlaceOf(policy: RefreshPolicy, place: number): number | undefined {
  if (policy === 'rotate') return place
  return policy === 'lazy' && place > 0 ? place - 1 : undefined
}

/**
 * From where a token was first shown that goes on working beside its successor, as a digest. The same one from elsewhere meanwhile is
 * counted: lost answers and fleets of servers look like that as well as a thief does, so it has no other consequence.
 */
function noteElsewhere(
  { countElsewhere }: ReuseDeps,
  { ip }: Asker,
  { parts, stored }: Presented,
  { isKnown }: Step,
): string {
  const here = hash('sha256', `${parts.family} ${networkOf(ip)}`, 'base64url').slice(0, NETWORK_CHARACTERS)
  const before = isKnown ? stored.artifact.shownFrom : undefined
  if (typeof before === 'string' && before !== here) countElsewhere()
  return typeof before === 'string' ? before : here
}

/** Enough to tell a few networks of one family apart, and too few to find one by trying. */
const NETWORK_CHARACTERS = 3

type Next = {
  /** See `noteElsewhere`. */
  readonly shownFrom?: string
  readonly grantKeptUntil: number
  readonly ttlSeconds: number
  /** What a retry within `retrySeconds` is answered with. */
  readonly receiptBody?: object
  readonly retrySeconds?: number
}

function store(
  { storage }: ReuseDeps,
  presented: Presented,
  { record, digest }: Step,
  { grantKeptUntil, ttlSeconds, shownFrom, receiptBody, retrySeconds = 0 }: Next,
): Promise<boolean> {
  const { value, parts, stored, binding } = presented
  const now = nowSeconds()
  const payload = { ...successor(presented), grantKeptUntil, ...(shownFrom !== undefined && { shownFrom }) }
  return storage.swap('RefreshToken', parts.family, stored.version, {
    artifact: { ...payload, exp: now + ttlSeconds, ...record, digest, rotatedAt: now },
    ttlSeconds,
    ...(receiptBody &&
      retrySeconds > 0 && {
        receipt: { body: sealReceipt(value, binding, JSON.stringify(receiptBody)), ttlSeconds: retrySeconds },
      }),
  })
}

/**
 * Where an old token goes on working, a twin that came first is no harm: both are told the same refresh token. The family goes on
 * as the twin left it, for another company user too, unless this request names one itself.
 */
async function followTwin(
  deps: ReuseDeps,
  presented: Presented,
  { policy, next }: { readonly policy: RefreshPolicy; readonly next: Next },
): Promise<string> {
  for (let tries = 0; tries < MOST_TWINS; tries++) {
    const stored = await deps.storage.get('RefreshToken', presented.parts.family)
    if (!stored) throw new errors.InvalidGrant('refresh token was revoked')
    // It was good when this request came: the client goes on already, so this is no theft.
    if (!isCurrentToken(stored, presented.value, deps.refreshTokens)) {
      throw new errors.InvalidGrant('refresh token was replaced meanwhile')
    }
    const now = { ...presented, stored: actingAs(stored, presented.binding.companyUserId) }
    const step = nextStep(policy, now, deps.refreshTokens)
    const isKnown = step.isKnown && stored.artifact.companyUserId === now.stored.artifact.companyUserId
    if (isKnown || (await store(deps, now, step, next))) {
      deps.count('race')
      return step.answered
    }
  }
  throw new Unavailable('storage', 'twins go on replacing each other')
}

/** The family's own fields, carried on, without those of the policy `lazy`. */
function successor({ stored }: Presented): Record<string, unknown> {
  const { nextDigest: _nextDigest, sealedNext: _sealedNext, shownFrom: _shownFrom, ...family } = stored.artifact
  const { consumed: _consumed, ...kept } = family
  return { ...kept, iat: nowSeconds(), rotations: Number(kept.rotations ?? 0) + 1 }
}

function nowSeconds(): number {
  return Math.floor(Date.now() / 1000)
}
