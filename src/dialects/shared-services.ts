import type { Audit } from '../audit/events.ts'
import { normalizeEmail } from '../credentials/email.ts'
import type { SignInLinks } from '../customers/sign-in-links.ts'
import { agentAccountId } from '../oauth/accounts/agent-account.ts'
import type { ActiveGrants } from '../oauth/sign-outs/active-grants.ts'
import { type EndSignIn, everythingOf, grantOf } from '../oauth/sign-outs/end-sign-in.ts'
import type { FindCaller } from '../oauth/tokens/callers.ts'
import type { TokenCodes } from '../oauth/tokens/token-codes.ts'
import type { FindToken } from '../oauth/tokens/token-status.ts'
import type { JudgeToken } from '../oauth/tokens/token-verdict.ts'
import type { Storage } from '../storage/storage.ts'
import { postToCallback } from './callbacks.ts'
import type { SharedServices } from './services.ts'

export type SharedServicesDeps = Pick<
  SharedServices,
  'reportSignIn' | 'isPublicClient' | 'codes' | 'findCustomer' | 'takeTurn' | 'mayName'
> & {
  readonly findToken: FindToken
  readonly judgeToken: JudgeToken
  readonly findCaller: FindCaller
  readonly endSignIn: EndSignIn
  readonly tokenCodes: TokenCodes
  readonly audit: Audit
  readonly storage: Pick<Storage, 'swap'>
  readonly signInLinks: SignInLinks
  readonly endWhere: ActiveGrants['endWhere']
  /** Told of a callback that failed; `reason` names no person. */
  readonly onCallbackFailed: (url: string, reason: string) => void
}

/** The services that dialects share, over the domain and the protocol. */
export function createSharedServices(deps: SharedServicesDeps): SharedServices {
  const { findToken, judgeToken, findCaller, endSignIn, reportSignIn, signInLinks, tokenCodes, audit } = deps
  const { storage, codes, findCustomer, takeTurn, mayName } = deps
  return {
    findCaller,
    reportSignIn,
    isPublicClient: deps.isPublicClient,
    codes,
    findCustomer,
    takeTurn,
    mayName,
    endSessions: deps.endWhere,
    async keepSession({ accessToken, expiresIn, refreshExpiresIn = 0, session: dialectSession }) {
      const { token, records } = await findToken(accessToken)
      if (token?.grantId === undefined || !records?.grant) return
      const { artifact, version } = records.grant
      // A sign-in of our pages may be that of other tokens too.
      if (artifact.dialectSession === undefined) return
      const next = { artifact: { ...artifact, dialectSession }, ttlSeconds: expiresIn + refreshExpiresIn }
      // Not of a grant that ended or changed meanwhile.
      await storage.swap('Grant', token.grantId, version, next)
    },
    async issueSignInToken(customerId, ttlSeconds) {
      const minted = await signInLinks.mint({ customerId, ttlSeconds })
      return minted.outcome === 'minted' ? minted.token : undefined
    },
    async redeemSignInToken(token) {
      const redeemed = await signInLinks.redeem(token)
      return redeemed.outcome === 'redeemed' ? redeemed.customer : undefined
    },
    callBack(url, body) {
      const call = async () => {
        const told = await body()
        return told && postToCallback(url, told)
      }
      call().then(
        (reason) => void (reason && deps.onCallbackFailed(url, reason)),
        (error: Error) => deps.onCallbackFailed(url, error.name), // every thrown value of ours is an error
      )
    },
    async wasSignedOut(bearer) {
      const verdict = await judgeToken(bearer, { asker: 'dialect-sign-out' })
      return !verdict.works && (verdict.reason === 'grant-revoked' || verdict.reason === 'signed-out')
    },
    async endAccessToken(bearer) {
      const status = await findToken(bearer)
      if (!status.isLive || status.token.kind === 'refresh-token') return
      const what = { of: 'access-token', token: status.token, value: bearer } as const
      await endSignIn({ what, why: 'revoked-by-client' })
    },
    async endRefreshToken(refreshToken, owner) {
      const status = await findToken(refreshToken)
      if (!status.isLive || status.token.kind !== 'refresh-token') return
      const what = grantOf(status.token)
      if (what && what.accountId === owner.accountId) await endSignIn({ what, why: 'revoked-by-client' })
    },
    async endSignInOf(bearer, actingAgentId) {
      const { token } = await findToken(bearer)
      const what = token && grantOf(token)
      if (!what) return
      if (actingAgentId === undefined) await endSignIn({ what, why: 'revoked-by-client' })
      else await endSignIn({ what, why: 'sign-out', by: agentAccountId(actingAgentId) })
    },
    async makeTokenCode({ token, expiresAt, customer, agentId, clientId, reason, ttlSeconds }) {
      const owner = { accountId: customer.id, login: normalizeEmail(customer.email) }
      const code = await tokenCodes.make(owner, { token, expiresAt }, ttlSeconds)
      const actor = agentAccountId(agentId)
      audit({ type: 'sign-in-code.made', actor, customerId: customer.id, clientId, reason })
      return code
    },
    redeemTokenCode: (code, login) => tokenCodes.redeem(code, normalizeEmail(login)),
    async endSignIn(value, { clientId, customerId, agentId, kind }) {
      const status = await findToken(value)
      if (!status.isLive) return
      const { token } = status
      const accountId = customerId ?? (agentId === undefined ? undefined : agentAccountId(agentId))
      const isOwn = token.accountId === accountId && (accountId !== undefined || token.clientId === clientId)
      if (!isOwn || (kind && (kind === 'refresh-token') !== (token.kind === 'refresh-token'))) return
      const what = grantOf(token) ?? ({ of: 'access-token', token, value } as const)
      await endSignIn({ what, why: 'revoked-by-client' })
    },
    async signOutEverywhere(accountId) {
      await endSignIn({ what: everythingOf(accountId), why: 'sign-out-everywhere' })
    },
  }
}
