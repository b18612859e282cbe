import type { Context } from 'koa'
import { errors, interactionPolicy, type KoaContextWithOIDC, type Provider, type Session } from 'oidc-provider'
import type { Customer } from '../../customers/customer.ts'
import { accountOf, asCustomerAccount } from '../accounts/account.ts'
import { acrDemandOf, meets, PHISHING_RESISTANT, SIGNED_IN, saidAcr, strengthOf } from '../accounts/acr.ts'

/** A customer whose browser session asks for a code. */
export type SessionInQuestion = {
  readonly customer: Customer
  readonly clientId: string
  /** How the session was signed in. */
  readonly amr: readonly string[]
}

/** What the protocol asks about second factors of customers. */
export type SecondFactorPolicy = {
  /** The strongest `acr` that the customer can reach at this client, with what they have or would have to set up. */
  strongest(session: Omit<SessionInQuestion, 'amr'>): Promise<string>
  /** Whether the session lacks one that this client, the settings or the customer's own choice ask for. */
  owes(session: SessionInQuestion, ctx: Context): Promise<boolean>
}

/** Reasons of the login prompt that a second factor answers: a session of the right person goes on with its code alone. */
export const STEP_UP_REASONS: readonly string[] = ['acr_unmet', 'second_factor_owed']

const { Check } = interactionPolicy

/**
 * Asks for a stronger sign-in where the request or the customer's account wants one (RFC 9470). It asks once: what the person cannot reach
 * is answered with the `acr` that they reached, or with `unmet_authentication_requirements` where it is essential. The library
 * would ask for an essential one for ever, and for any other never.
 */
export function addStepUp(login: interactionPolicy.Prompt, policy: SecondFactorPolicy): void {
  for (const reason of ['essential_acr', 'essential_acrs']) login.checks.remove(reason)
  const checks: readonly (readonly [string, string, (ctx: KoaContextWithOIDC) => Promise<boolean>])[] = [
    ['acr_unmet', 'a stronger sign-in is required', (ctx) => isUnmet(ctx, policy)],
    ['second_factor_owed', 'a second factor is required', (ctx) => owes(ctx, policy)],
  ]
  for (const [reason, why, check] of checks) login.checks.add(new Check(reason, why, 'login_required', check))
}

async function isUnmet(ctx: KoaContextWithOIDC, policy: SecondFactorPolicy): Promise<boolean> {
  const { oidc } = ctx
  refuseMalformed(oidc.claims)
  const demand = acrDemandOf(oidc.params ?? {})
  if (!demand || meets(sessionStrength(oidc.session), demand)) return false
  const customer = asCustomerAccount(accountOf(ctx))?.customer
  const clientId = String(oidc.client?.clientId)
  const hasAsked = oidc.result?.login !== undefined
  const isReachable = async () =>
    meets(SIGNED_IN, demand) ||
    (customer !== undefined && meets(await policy.strongest({ customer, clientId }), demand))
  const canAsk = !hasAsked && meets(PHISHING_RESISTANT, demand)
  // A person who is not signed in yet may be one who can.
  if (canAsk && (customer === undefined || (await isReachable()))) return true
  if (demand.isEssential) {
    throw new errors.UnmetAuthenticationRequirements('the person cannot sign in as strongly as the request demands')
  }
  return false
}

async function owes(ctx: KoaContextWithOIDC, policy: SecondFactorPolicy): Promise<boolean> {
  const { oidc } = ctx
  const customer = asCustomerAccount(accountOf(ctx))?.customer
  // Our pages have asked already.
  if (!customer || oidc.result?.login !== undefined) return false
  const clientId = String(oidc.client?.clientId)
  return policy.owes({ customer, clientId, amr: amrOf(oidc.session) }, ctx)
}

/** The library's own words: it is the one member that it would have looked at. */
function refuseMalformed(claims: KoaContextWithOIDC['oidc']['claims']): void {
  const asked = claims.id_token?.acr
  if (asked?.essential && asked.values !== undefined && !Array.isArray(asked.values)) {
    throw new errors.InvalidRequest('invalid claims.id_token.acr.values type')
  }
}

/** How strongly the person of a session signed in. */
export function sessionStrength(session: Session | undefined): string | undefined {
  // Both are missing in the published type.
  return strengthOf((session ?? {}) as { acr?: string; amr?: string[] })
}

function amrOf(session: Session | undefined): readonly string[] {
  return (session as { amr?: string[] } | undefined)?.amr ?? [] // as above
}

/** Has the library say of a session what it stands for now, also where an earlier release began it. */
export function sayAcrOfSession(provider: Provider): void {
  const { OIDCContext } = provider as unknown as { OIDCContext: { prototype: object } } // not in the published type
  Object.defineProperty(OIDCContext.prototype, 'acr', {
    get(this: KoaContextWithOIDC['oidc']) {
      return saidAcr(sessionStrength(this.session), acrDemandOf(this.params ?? {}))
    },
  })
}
