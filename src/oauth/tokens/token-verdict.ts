import type { ClientState } from '../../clients/registry.ts'
import type { Log } from '../../log.ts'
import type { Metrics } from '../../metrics.ts'
import type { CommerceAccount, JudgeAccount } from '../accounts/account.ts'
import { grantFacts } from '../accounts/grant-facts.ts'
import type { FoundToken } from './found-token.ts'
import type { Refusal } from './refusals.ts'
import type { FindToken, TokenRecords } from './token-status.ts'

/** What asks whether a token works. */
export type Asker =
  | 'introspection'
  | 'userinfo'
  | 'refresh'
  | 'subject-token'
  | 'token-exchange'
  | 'dialect'
  | 'dialect-sign-out'
  | 'inspection'
  | 'signals'

/** Whether a token works now; if it does, for whom, and if it does not, why not. */
export type Verdict =
  | {
      readonly works: true
      readonly token: FoundToken
      /** Absent when it is a token of a client itself. */
      readonly account?: CommerceAccount
      readonly records: TokenRecords
    }
  | {
      readonly works: false
      readonly reason: Refusal
      /** Absent when it is unknown. */
      readonly token?: FoundToken
      readonly records?: TokenRecords
    }

export type Question = {
  readonly asker: Asker
  /** Why the asker itself cannot take a token that works elsewhere. */
  readonly objection?: (token: FoundToken) => Refusal | undefined
  /** The caller asks once more before it refuses: this refusal is not counted. */
  readonly isAskedAgain?: true
}

export type JudgeToken = (value: string, question: Question) => Promise<Verdict>

export type TokenVerdictDeps = {
  readonly findToken: FindToken
  readonly clientState: (clientId: string) => Promise<ClientState>
  readonly judgeAccount: JudgeAccount
  readonly metrics: Pick<Metrics, 'tokenRefusals'>
  readonly log: Pick<Log, 'debug'>
}

/**
 * The one verdict on a token: storage must know it, its clients must be there and enabled, the asker must have nothing
 * against it, and its account must be allowed to act. Every refusal is counted, and logged without the token.
 */
export function createJudgeToken({ findToken, clientState, judgeAccount, metrics, log }: TokenVerdictDeps): JudgeToken {
  return async function judgeToken(value, { asker, objection, isAskedAgain }) {
    const verdict = await judge(value, objection)
    if (!verdict.works && !isAskedAgain) {
      const { reason, token } = verdict
      metrics.tokenRefusals.inc({ asker, reason })
      log.debug({ event: 'token.refused', asker, reason, clientId: token?.clientId }, 'a token was refused')
    }
    return verdict
  }

  /** The worst state among the clients that a token needs. */
  async function stateOfHolders({ clientId, grantClientId = clientId }: FoundToken): Promise<ClientState> {
    const state = await clientState(clientId)
    if (grantClientId === clientId || state === 'gone') return state
    const other = await clientState(grantClientId)
    return other === 'enabled' ? state : other
  }

  async function judge(value: string, objection: Question['objection']): Promise<Verdict> {
    const status = await findToken(value)
    const { token, records } = status
    if (!token || !records) return { works: false, reason: 'unknown' }
    const refuse = (reason: Refusal): Verdict => ({ works: false, reason, token, records })

    const state = await stateOfHolders(token)
    if (state === 'gone') return refuse('client-gone')
    // Disabling a client also cuts its sign-ins off: the cause is said before its effect.
    if (state === 'disabled') return refuse('client-disabled')
    if (!status.isLive) return refuse(status.reason)
    const objected = objection?.(token)
    if (objected) return refuse(objected)
    if (token.accountId === undefined) return { works: true, token, records }
    const judged = await judgeAccount(token.accountId, actingAs(token, records))
    return judged.outcome === 'allowed'
      ? { works: true, token, records, account: judged.account }
      : refuse(judged.outcome)
  }
}

/** Why a token cannot be a plain bearer token: it is a refresh token, or a bearer does not prove its key. */
export function objectToBearer(token: FoundToken): Refusal | undefined {
  if (token.kind === 'refresh-token') return 'wrong-kind'
  return token.jkt !== undefined || token.certificateThumbprint !== undefined ? 'key-not-proved' : undefined
}

/** What the token itself does not say, its grant does. */
function actingAs(token: FoundToken, { grant }: TokenRecords) {
  const facts = grantFacts(grant?.artifact)
  return {
    companyUserId: token.companyUserId ?? facts?.companyUserId,
    actingAgentId: token.actingAgentId ?? facts?.actingAgentId,
    grantedAtMs: facts?.createdAtMs ?? token.issuedAtMs,
  }
}
