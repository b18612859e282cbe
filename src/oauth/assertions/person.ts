import { errors, type TokenEndpointGrantContext } from 'oidc-provider'
import { type Customer, isActiveCompanyUser } from '../../customers/customer.ts'
import type { Assertion } from '../../issuers/assertion.ts'
import type { TrustedIssuer } from '../../issuers/issuer-schema.ts'
import { isPlain } from '../../plain-text.ts'
import { type CustomerAccount, toAccount } from '../accounts/account.ts'
import { agentIdOf } from '../accounts/agent-account.ts'
import type { Actor } from '../accounts/delegation.ts'
import { companyUserIn, companyUserRefused } from '../accounts/switch-company.ts'
import { clientIdOf, parametersOf } from '../library-values.ts'

/**
 * The account as the company user that the request names. An issuer that speaks for some companies opens none but these.
 *
 * @returns undefined where the person is no company user of them.
 */
export function accountAsAsked(
  ctx: TokenEndpointGrantContext,
  customer: Customer,
  { companies }: TrustedIssuer,
): CustomerAccount | undefined {
  const asked = companyUserIn(parametersOf(ctx))
  if (companies === undefined) {
    const account = toAccount(customer, asked)
    if (!account) throw companyUserRefused()
    return account
  }
  const own = customer.companyUsers.filter((each) => isActiveCompanyUser(each) && companies.includes(each.company.id))
  const usual = own.length === 1 ? own[0] : own.find(({ isDefault }) => isDefault)
  const chosen = asked === undefined ? usual : own.find(({ id }) => id === asked)
  if (asked !== undefined && !chosen) throw companyUserRefused()
  return chosen && toAccount(customer, chosen.id)
}

/** With who acts for the person, where the assertion says so (RFC 8693 §4.1). */
export function withActor(
  ctx: TokenEndpointGrantContext,
  account: CustomerAccount,
  { actor, judgedAtMs }: { readonly actor: Actor | undefined; readonly judgedAtMs: number },
): CustomerAccount {
  return actor ? { ...account, delegation: { act: actor, grantClientId: clientIdOf(ctx), judgedAtMs } } : account
}

const MOST_ACTORS = 3
const LONGEST = 255

/**
 * Who acts by the word of the issuer; each actor has its name, so that none can look like one of ours. Undefined without a claim,
 * and `unusable` for one that is no chain of actors.
 */
export function actorIn({ claims, issuer: { record } }: Assertion): Actor | 'unusable' | undefined {
  return claims.act === undefined ? undefined : (readActor(claims.act, record.issuer, 1) ?? 'unusable')
}

function readActor(given: unknown, iss: string, level: number): Actor | undefined {
  // Members of an object, each looked at below.
  const { sub, act } = (typeof given === 'object' && given !== null ? given : {}) as { sub?: unknown; act?: unknown }
  const isName = typeof sub === 'string' && sub !== '' && sub.length <= LONGEST && isPlain(sub) && sub.isWellFormed()
  // An agent of this shop acts by its own sign-in and by nothing else.
  if (!isName || level > MOST_ACTORS || agentIdOf(sub) !== undefined) return undefined
  if (act === undefined) return { sub, iss }
  const before = readActor(act, iss, level + 1)
  return before && { sub, iss, act: before }
}

/** One answer for whatever is wrong with an assertion; a claim is named only where the signature is right. */
export function assertionRefused(reason: string, claim?: string): Error {
  const error = new errors.InvalidGrant(reason)
  error.error_description =
    claim === undefined ? 'the assertion is not accepted' : `the assertion is not accepted: see its claim ${claim}`
  return error
}
