import { errors, type KoaContextWithOIDC } from 'oidc-provider'
import type { Audit } from '../../audit/events.ts'
import type { ClientMetadata } from '../../clients/client.ts'
import { PRIVATE_PERSON } from '../../customers/customer.ts'
import { requestState } from '../../http/request-state.ts'
import { clientIdOf } from '../library-values.ts'
import type { SignOutCutOffs } from '../sign-out-cut-offs.ts'
import {
  actedFor,
  asCustomerAccount,
  type CommerceAccount,
  type CustomerAccount,
  choiceOf,
  toAccount,
} from './account.ts'
import { agentAccountId } from './agent-account.ts'

/** The sign-in in which another company is chosen. */
export type SignInOfChoice = {
  /** The client that it was granted to. */
  readonly clientId: string
  /** Epoch milliseconds. */
  readonly grantedAtMs: number
}

/** The account as the company user that a token request names, or as a private person (`PRIVATE_PERSON`). */
export type SwitchCompany = (
  account: CommerceAccount | undefined,
  companyUserId: string,
  signIn: SignInOfChoice,
) => Promise<CustomerAccount>

export type SwitchCompanyDeps = {
  readonly cutOffs: Pick<SignOutCutOffs, 'isBefore'>
  readonly findClient: (clientId: string) => Promise<ClientMetadata | undefined>
}

/** One refusal for every company user that is not an active one of this very customer: whether there is such a one is not said. */
export function companyUserRefused(): Error {
  return new errors.AccessDenied('company_user_id is not an active company user of the person who is signed in')
}

/** The company user that a token request names; undefined where it names none, as a parameter without a value does (RFC 6749 §3.2). */
export function companyUserIn({ company_user_id: asked }: Readonly<Record<string, unknown>>): string | undefined {
  if (asked === undefined || asked === '') return undefined
  if (typeof asked !== 'string') throw companyUserRefused()
  return asked
}

/**
 * Lets a sign-in go on as another company user of its customer. The shop's own clients may: a person allowed a third-party
 * client to act for the company that was named on the page. What a company user was signed out of does not come back.
 */
export function createSwitchCompany({ cutOffs, findClient }: SwitchCompanyDeps): SwitchCompany {
  return async function switchCompany(account, companyUserId, { clientId, grantedAtMs }) {
    const now = asCustomerAccount(account)
    if (now && choiceOf(now) === companyUserId) return now
    // Looked at before it is said whether there is such a company user, so that no refusal takes longer than another.
    const [client, isEnded] = await Promise.all([
      findClient(clientId),
      cutOffs.isBefore({ companyUserId }, grantedAtMs),
    ])
    const other = now && toAccount(now.customer, companyUserId)
    if (!now || !other || client?.first_party !== true || isEnded) throw companyUserRefused()
    return now.actingAgentId === undefined ? other : actedFor(other, now.actingAgentId)
  }
}

/** How an audit entry names what was chosen. */
export function reasonOfChoice(companyUserId: string): string {
  return companyUserId === PRIVATE_PERSON ? 'a private person' : `company user ${companyUserId}`
}

/** Puts on record that a request chose a company. */
export function noteCompanyChosen(
  audit: Audit,
  ctx: KoaContextWithOIDC,
  {
    account,
    grantId,
    companyUserId,
  }: { account: CustomerAccount; grantId?: string | undefined; companyUserId: string },
): void {
  const { customer, actingAgentId } = account
  audit({
    type: 'company.chosen',
    customerId: customer.id,
    ...(actingAgentId !== undefined && { actor: agentAccountId(actingAgentId) }),
    clientId: clientIdOf(ctx),
    ...(grantId !== undefined && { grantId }),
    ip: ctx.ip,
    requestId: requestState(ctx).requestId,
    reason: reasonOfChoice(companyUserId),
  })
}
