import { errors } from 'oidc-provider'
import type { Audit } from '../../audit/events.ts'
import type { RequestState } from '../../http/request-state.ts'
import type { Storage, StoredArtifact } from '../../storage/storage.ts'
import { placeOf } from '../refresh/family.ts'
import { openReceipt, type RefreshBinding } from '../refresh/refresh-receipt.ts'
import type { RefreshTokenParts, RefreshTokens } from '../refresh/refresh-tokens.ts'
import type { EndSignIn } from '../sign-outs/end-sign-in.ts'
import type { FindGrant } from '../tokens/token-status.ts'

/** How a refresh ended: metrics tell a network retry, a race between twins and a theft apart. */
export type RefreshOutcome = 'rotated' | 'kept' | 'retry' | 'race' | 'theft' | 'mismatch'

export type ReuseDeps = {
  readonly storage: Storage
  readonly refreshTokens: RefreshTokens
  readonly findGrant: FindGrant
  readonly endSignIn: EndSignIn
  readonly audit: Audit
  readonly count: (outcome: RefreshOutcome) => void
  /** A token came again from another network while its successor is unused. */
  readonly countElsewhere: () => void
}

/** The request that a refresh token came in. */
export type Asker = { readonly state: RequestState; readonly ip: string; readonly clientId: string }

/** A refresh token of ours that a client showed, with the record of its family. */
export type Presented = {
  readonly value: string
  readonly parts: RefreshTokenParts
  readonly stored: StoredArtifact
  readonly binding: RefreshBinding
}

/** Answers a token that was replaced: a retry gets the same answer again, any other use ends the grant. */
export async function answerOldToken(
  deps: ReuseDeps,
  asker: Asker,
  presented: Presented,
  outcome: 'retry' | 'race' = 'retry',
): Promise<object> {
  const { parts, stored, value, binding } = presented
  const isPrevious = parts.place === placeOf(stored) - 1
  const [sealed, grant] = await Promise.all([
    isPrevious ? deps.storage.receipt('RefreshToken', parts.family) : undefined,
    deps.findGrant(String(stored.artifact.grantId), grantOwner(stored.artifact)),
  ])
  if (sealed === undefined) throw await theft(deps, presented)
  if (!grant) throw new errors.InvalidGrant('grant not found, revoked or signed out')
  // Within the window it is a retry and no theft; the winner goes on.
  if (asker.state.refusesRepeats) throw new errors.InvalidGrant('refresh token was replaced a moment ago')
  const body = openReceipt(value, binding, sealed)
  if (!body) throw mismatch(deps, asker, stored.artifact, 'a retry that asks for something else')
  deps.count(outcome)
  asker.state.repeatsAnswer = true
  // Sealed by `sealReceipt`.
  return JSON.parse(body) as object
}

/** The window is over, or there was none: one of two holders is not the client. The grant goes, and all under it. */
async function theft({ endSignIn, storage, count }: ReuseDeps, { parts, stored }: Presented) {
  const what = { of: 'grant', grantId: String(stored.artifact.grantId), ...grantOwner(stored.artifact) } as const
  await endSignIn({ what, why: 'refresh-token-reuse' })
  await storage.remove('RefreshToken', parts.family)
  count('theft')
  return new errors.InvalidGrant('refresh token was already used')
}

/** Another request rotated the family between our read and our swap: read again, the token is an old one now. */
export async function loseRace(deps: ReuseDeps, asker: Asker, presented: Presented): Promise<object> {
  const stored = await deps.storage.get('RefreshToken', presented.parts.family)
  if (!stored) throw new errors.InvalidGrant('refresh token was revoked')
  return answerOldToken(deps, asker, { ...presented, stored }, 'race')
}

/** The account, client and company user that a family's grant must belong to. */
export function grantOwner({ accountId, clientId, companyUserId }: StoredArtifact['artifact']) {
  return {
    accountId: String(accountId),
    clientId: String(clientId),
    ...(typeof companyUserId === 'string' && { companyUserId }),
  }
}

/** Refuses a token shown by whom it was not given to, and leaves the family alone. */
export function mismatch(
  { audit, count }: ReuseDeps,
  asker: Asker,
  artifact: StoredArtifact['artifact'],
  reason: string,
): Error {
  count('mismatch')
  audit({
    type: 'refresh.mismatch',
    reason,
    customerId: String(artifact.accountId),
    grantId: String(artifact.grantId),
    clientId: asker.clientId,
    ip: asker.ip,
    requestId: asker.state.requestId,
  })
  return new errors.InvalidGrant(`refresh token presented by ${reason}`)
}
