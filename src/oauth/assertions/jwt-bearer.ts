import { errors, type TokenEndpointGrantContext } from 'oidc-provider'
import type { Audit } from '../../audit/events.ts'
import type { Customer } from '../../customers/customer.ts'
import type { IssuerSubjects } from '../../customers/linked-accounts/issuer-subjects.ts'
import { requestState } from '../../http/request-state.ts'
import type { Assertion, VerifyAssertion } from '../../issuers/assertion.ts'
import type { IssuerKind } from '../../issuers/kinds.ts'
import type { Metrics } from '../../metrics.ts'
import type { Storage } from '../../storage/storage.ts'
import type { CustomerAccount } from '../accounts/account.ts'
import type { AuthenticationClaims } from '../accounts/authentication.ts'
import { companyUserIn, noteCompanyChosen } from '../accounts/switch-company.ts'
import { clientIdOf, parametersOf } from '../library-values.ts'
import type { LinkConsents } from '../links/link-consents.ts'
import type { TakenBack } from '../links/taken-back.ts'
import { issueTokens } from '../tokens/issue-tokens.ts'
import { type LimitDeps, limitToAssertion } from './granted-scopes.ts'
import { newSubjectOf } from './new-subject.ts'
import { accountAsAsked, actorIn, assertionRefused, withActor } from './person.ts'
import type { IsWithdrawn, Presented } from './presented.ts'
import { hasSecondFactor, toldSignIn } from './told-sign-in.ts'

export const JWT_BEARER_GRANT = 'urn:ietf:params:oauth:grant-type:jwt-bearer'

export type JwtBearerGrantDeps = LimitDeps & {
  readonly verifyAssertion: VerifyAssertion
  readonly issuerSubjects: IssuerSubjects
  /** Answers Google, and says whose tokens are to be given; undefined where it has answered. */
  readonly linkAccount: (ctx: TokenEndpointGrantContext, assertion: Assertion) => Promise<Presented | undefined>
  /** Whether the customer must still show a second factor after a sign-in elsewhere. */
  readonly owesSecondFactor: (customer: Customer, clientId: string) => Promise<boolean>
  readonly isWithdrawn: IsWithdrawn
  /** A customer let a client in. */
  readonly noteLink: LinkConsents['noteGrant']
  /** Scopes that the customer took from the client, and left it the rest. */
  readonly takenBack: TakenBack['scopesOf']
  readonly storage: Pick<Storage, 'putOnce'>
  readonly audit: Audit
  readonly metrics: Pick<Metrics, 'assertions'>
}

/** Assertions that were used, by issuer and jti. */
const SPENT = 'Assertion'
/** What ended at the issuer ends here after this much: nothing else tells of it. */
const LONGEST_ACCESS_SECONDS = 900

/**
 * Trades the signed statement of a trusted issuer about a person for tokens (RFC 7523 §2.1). The issuer's record says by which rules,
 * what it can give and to whom. The person keeps what they have here: an account that is there already is opened by nothing but a
 * connection that its owner has made.
 */
export function jwtBearerGrant(deps: JwtBearerGrantDeps) {
  const { verifyAssertion, issuerSubjects, linkAccount, audit, metrics } = deps

  return {
    name: JWT_BEARER_GRANT,
    parameters: ['assertion', 'intent', 'scope', 'resource', 'company_user_id'],
    async handle(ctx: TokenEndpointGrantContext): Promise<void> {
      const { assertion: given, intent } = parametersOf(ctx)
      if (typeof given !== 'string' || given === '')
        throw new errors.InvalidRequest("missing required parameter(s) 'assertion'")
      const isPublic = ctx.oidc.client?.clientAuthMethod === 'none'
      const verdict = await verifyAssertion(given, { clientId: clientIdOf(ctx), isPublic })
      if (verdict.outcome === 'refused') {
        const { reason, issuer, claim } = verdict
        metrics.assertions.inc({ kind: issuer?.record.kind ?? 'none', outcome: reason })
        if (issuer) noteRefused(ctx, issuer.record.id, reason)
        throw assertionRefused(reason, claim)
      }
      const { assertion } = verdict
      const { kind } = assertion.issuer.record
      if (kind !== 'google-linking' && intent !== undefined)
        throw new errors.InvalidRequest('intent is for account linking, and the assertion is not')
      const presented = kind === 'google-linking' ? await linkAccount(ctx, assertion) : await present(ctx, assertion)
      if (presented) await issue(ctx, presented)
    },
  }

  async function present(ctx: TokenEndpointGrantContext, assertion: Assertion): Promise<Presented> {
    const { subject, issuer, claims } = assertion
    const { record } = issuer
    const provedAtMs = Date.now()
    const found = await issuerSubjects.find({ issuer: record.issuer, subject })
    if (found.outcome === 'refused') throw refuse(ctx, assertion, 'account-refused', found.customerId)
    const customer = found.outcome === 'found' ? found.customer : undefined
    if (found.outcome === 'found' && (await deps.isWithdrawn(found, clientIdOf(ctx))))
      throw refuse(ctx, assertion, 'withdrawn', found.customer.id)
    if (!customer && record.subjects !== 'provision') throw refuse(ctx, assertion, 'subject-unknown')
    // The issuer may name the account here; it is looked at, and opens nothing.
    if (claims.aud_sub !== undefined && claims.aud_sub !== customer?.id) throw refuse(ctx, assertion, 'other-account')
    return { assertion, customer, provedAtMs, ...(found.outcome === 'found' && { linkedAtMs: found.linkedAtMs }) }
  }

  async function issue(ctx: TokenEndpointGrantContext, presented: Presented): Promise<void> {
    const { assertion, customer, provedAtMs, linkedAtMs } = presented
    const { issuer, claims, jkt } = assertion
    const { record, rules } = issuer
    // What limits the assertion and is not understood must not be left out.
    if (claims.authorization_details !== undefined) throw refuse(ctx, assertion, 'authorization-details', customer?.id)
    const authentication = toldSignIn(record, claims)
    const actor = actorIn(assertion)
    if (actor === 'unusable') throw refuse(ctx, assertion, 'actor', customer?.id)
    const acting = { actor, judgedAtMs: provedAtMs }
    const known = customer && withActor(ctx, await accountOf(ctx, assertion, customer, authentication), acting)
    const takenBack = customer ? await deps.takenBack(customer.id, clientIdOf(ctx), linkedAtMs) : []
    await limitToAssertion(deps, ctx, { assertion, authentication, takenBack })
    await issueTokens(ctx, {
      account: async () => {
        await spend(ctx, assertion, customer?.id)
        return known ?? withActor(ctx, await makeAccount(ctx, assertion, authentication), acting)
      },
      grantType: JWT_BEARER_GRANT,
      defaultScope: '',
      authentication,
      provedAtMs,
      jkt,
      isRefreshable: rules.isRefreshable && actor === undefined,
      ...(record.kind !== 'google-linking' && { longestSeconds: LONGEST_ACCESS_SECONDS }),
    })
    await noteLink(ctx, record.kind)
    metrics.assertions.inc({ kind: record.kind, outcome: 'accepted' })
    noteSignedIn(ctx, record.id)
  }

  /** Access that lasts minutes, and needs another assertion for more, is no link. */
  async function noteLink(ctx: TokenEndpointGrantContext, kind: IssuerKind): Promise<void> {
    const { Grant: grant, RefreshToken: refreshToken } = ctx.oidc.entities
    const isLinking = kind === 'google-linking'
    if (grant && (isLinking || refreshToken)) await deps.noteLink(grant, isLinking ? 'linking' : 'assertion', ctx)
  }

  async function accountOf(
    ctx: TokenEndpointGrantContext,
    assertion: Assertion,
    customer: Customer,
    authentication: AuthenticationClaims,
  ): Promise<CustomerAccount> {
    const account = accountAsAsked(ctx, customer, assertion.issuer.record)
    if (!account) throw refuse(ctx, assertion, 'company', customer.id)
    const isOwed = !hasSecondFactor(authentication) && (await deps.owesSecondFactor(customer, clientIdOf(ctx)))
    if (isOwed) throw refuse(ctx, assertion, 'second-factor', customer.id)
    // An issuer can say any address of a person whom it brings; such a client would find somebody else's account by it.
    const isUnconfirmed = ctx.oidc.client?.verified_email_only === true && !customer.emailVerified
    if (isUnconfirmed) throw refuse(ctx, assertion, 'unconfirmed-address', customer.id)
    return account
  }

  /** The last of all checks: of two requests with the same assertion one goes on. */
  async function spend(ctx: TokenEndpointGrantContext, assertion: Assertion, customerId?: string): Promise<void> {
    const { onceOnly, issuer } = assertion
    if (!onceOnly) return
    const { jti, ttlSeconds } = onceOnly
    if (await deps.storage.putOnce(SPENT, `${issuer.record.issuer}\n${jti}`, {}, ttlSeconds)) return
    throw refuse(ctx, assertion, 'replayed', customerId)
  }

  async function makeAccount(
    ctx: TokenEndpointGrantContext,
    assertion: Assertion,
    authentication: AuthenticationClaims,
  ): Promise<CustomerAccount> {
    const made = await issuerSubjects.make(newSubjectOf(assertion))
    if (!('customer' in made)) throw refuse(ctx, assertion, made.outcome)
    const { customer, outcome } = made
    if (outcome === 'made')
      audit({
        type: 'customer.registered',
        customerId: customer.id,
        reason: `for the issuer ${assertion.issuer.record.id}`,
        ...whereFrom(ctx),
      })
    return accountOf(ctx, assertion, customer, authentication)
  }

  function refuse(ctx: TokenEndpointGrantContext, { issuer }: Assertion, reason: string, customerId?: string): Error {
    const { id, kind } = issuer.record
    metrics.assertions.inc({ kind, outcome: reason })
    noteRefused(ctx, id, reason, customerId)
    return assertionRefused(reason)
  }

  function noteRefused(ctx: TokenEndpointGrantContext, id: string, reason: string, customerId?: string): void {
    const whose = customerId !== undefined && { customerId }
    audit({ type: 'assertion.refused', ...whose, ...whereFrom(ctx), reason: `${id}: ${reason}` })
  }

  function noteSignedIn(ctx: TokenEndpointGrantContext, issuerId: string): void {
    const account = ctx.oidc.entities.Account as CustomerAccount // as `issueTokens` has put it there
    const { customer } = account
    const reason = `by an assertion of the issuer ${issuerId}`
    audit({ type: 'login.succeeded', customerId: customer.id, ...whereFrom(ctx), reason })
    const companyUserId = companyUserIn(parametersOf(ctx))
    if (companyUserId !== undefined) noteCompanyChosen(audit, ctx, { account, companyUserId })
  }
}

function whereFrom(ctx: TokenEndpointGrantContext) {
  return { clientId: clientIdOf(ctx), ip: ctx.ip, requestId: requestState(ctx).requestId }
}
