import type { Audit } from '../audit/events.ts'
import { normalizeEmail } from '../credentials/email.ts'
import { agentAccountId } from '../oauth/accounts/agent-account.ts'
import { type EndSignIn, everythingOf, grantOf } from '../oauth/sign-outs/end-sign-in.ts'
import type { FindCaller } from '../oauth/tokens/callers.ts'
import type { TokenCodes } from '../oauth/tokens/token-codes.ts'
import type { FindToken } from '../oauth/tokens/token-status.ts'
import type { JudgeToken } from '../oauth/tokens/token-verdict.ts'
import type { SharedServices } from './services.ts'

export type SharedServicesDeps = Pick<SharedServices, 'reportSignIn' | 'isPublicClient'> & {
  readonly findToken: FindToken
  readonly judgeToken: JudgeToken
  readonly findCaller: FindCaller
  readonly endSignIn: EndSignIn
  readonly tokenCodes: TokenCodes
  readonly audit: Audit
}

/** The services that dialects share, over the domain and the protocol. */
export function createSharedServices(deps: SharedServicesDeps): SharedServices {
  const { findToken, judgeToken, findCaller, endSignIn, reportSignIn, isPublicClient, tokenCodes, audit } = deps
  return {
    findCaller,
    reportSignIn,
    isPublicClient,
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
    async endActing(bearer, agentId) {
      const { token } = await findToken(bearer)
      const what = token && grantOf(token)
      if (what) await endSignIn({ what, why: 'sign-out', by: agentAccountId(agentId) })
    },
    async endSignInOf(bearer) {
      const status = await findToken(bearer)
      const what = status.isLive ? grantOf(status.token) : undefined
      if (what) await endSignIn({ what, why: 'revoked-by-client' })
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
