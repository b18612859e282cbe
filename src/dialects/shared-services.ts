import type { Audit } from '../audit/events.ts'
import type { SignOutCutOffs } from '../oauth/sign-out-cut-offs.ts'
import type { FindCaller } from '../oauth/tokens/callers.ts'
import { endAccessToken, type FindToken, type LiveToken } from '../oauth/tokens/token-status.ts'
import type { Storage } from '../storage/storage.ts'
import type { SharedServices } from './services.ts'

export type SharedServicesDeps = Pick<SharedServices, 'confirmEmail' | 'reportSignIn' | 'requestOneTimePassword'> & {
  readonly storage: Storage
  readonly findToken: FindToken
  readonly findCaller: FindCaller
  readonly cutOffs: SignOutCutOffs
  readonly audit: Audit
}

/** The services that dialects share, over the domain and the protocol. */
export function createSharedServices(deps: SharedServicesDeps): SharedServices {
  const { storage, findToken, findCaller, cutOffs, confirmEmail, reportSignIn, requestOneTimePassword, audit } = deps
  return {
    findCaller,
    confirmEmail,
    reportSignIn,
    requestOneTimePassword,
    async wasSignedOut(bearer) {
      const status = await findToken(bearer)
      return !status.isLive && (status.reason === 'grant-revoked' || status.reason === 'signed-out')
    },
    async endAccessToken(bearer) {
      const status = await findToken(bearer)
      if (!status.isLive || status.token.kind === 'refresh-token') return
      await endAccessToken(storage, status.token, bearer)
      audit({ type: 'token.revoked', ...ownerOf(status.token), reason: status.token.kind })
    },
    async endRefreshToken(refreshToken, owner) {
      const status = await findToken(refreshToken)
      if (!status.isLive || status.token.kind !== 'refresh-token') return
      const { accountId, grantId } = status.token
      if (accountId !== owner.accountId || !grantId) return
      await storage.remove('Grant', grantId)
      audit({ type: 'token.revoked', ...ownerOf(status.token), reason: status.token.kind })
    },
    async signOutEverywhere(accountId) {
      await cutOffs.set({ of: 'customer', id: accountId }, Date.now())
      audit({ type: 'sign-out-everywhere', customerId: accountId, reason: 'asked for at a dialect' })
    },
  }
}

function ownerOf({ clientId, accountId, grantId }: LiveToken) {
  return { clientId, ...(accountId && { customerId: accountId }), ...(grantId && { grantId }) }
}
