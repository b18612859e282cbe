import type { SignInEnded } from '../../sign-in-endings/sign-in-ended.ts'
import type { Storage } from '../../storage/storage.ts'
import { type CutOffSubject, raiseCutOff } from '../sign-out-cut-offs.ts'
import { endAccessToken } from '../tokens/token-status.ts'

/** An ending as it was announced; `bearer` is the id of the stored token or session that it ends. */
type Announced = {
  readonly event: SignInEnded
  /** Epoch milliseconds; of one access token. */
  readonly expiresAtMs?: number | undefined
  readonly bearer?: string | undefined
}

/**
 * Has an ending take effect; once more where it did before, which changes nothing.
 *
 * @returns until when what was granted ended, epoch milliseconds: of many sign-ins at once.
 */
export async function carryOut(
  storage: Pick<Storage, 'remove' | 'put' | 'raise'>,
  { event, expiresAtMs = 0, bearer }: Announced,
): Promise<number | undefined> {
  const { what, grantId, jti, tokenKind = 'access-token', cutOffMs = Date.now() } = event
  switch (what) {
    case 'grant':
      if (grantId !== undefined) await storage.remove('Grant', grantId)
      return undefined
    case 'access-token': {
      const token = { kind: tokenKind, ...(jti !== undefined && { jti }), exp: Math.ceil(expiresAtMs / 1000) }
      await endAccessToken(storage, { ...token, isStructured: bearer === undefined }, bearer ?? '')
      return undefined
    }
    case 'session':
      if (bearer !== undefined) await storage.remove('Session', bearer)
      return undefined
    case 'customer':
    case 'agent':
    case 'company-user':
    case 'client':
    case 'everybody': {
      const subject = cutOffSubject(event)
      if (subject === undefined) return undefined
      await raiseCutOff(storage, subject, cutOffMs)
      return cutOffMs
    }
  }
}

/** Agents' cut-offs are kept beside those of customers, under the id of their account. */
function cutOffSubject({ what, accountId, companyUserId, clientId }: SignInEnded): CutOffSubject | undefined {
  if (what === 'everybody') return { of: 'everybody' }
  const [of, id] =
    what === 'company-user'
      ? (['company-user', companyUserId] as const)
      : what === 'client'
        ? (['client', clientId] as const)
        : (['customer', accountId] as const)
  return id === undefined ? undefined : { of, id }
}
