import type { Grant, Provider } from 'oidc-provider'
import { chosenCompanyUser, grantFacts, withFacts } from '../accounts/grant-facts.ts'
import type { AskedEachTime } from './agent-links.ts'

/** A person's detour through our pages, as the library has it. */
export type LibraryInteraction = Awaited<ReturnType<Provider['interactionDetails']>>

/** What the checks of a request say is missing. */
export type Missing = {
  missingOIDCScope?: string[]
  missingOIDCClaims?: string[]
  missingResourceScopes?: Record<string, string[]>
  /** Everything that is asked for, also what was granted before: where people are asked each time. */
  asked?: AskedEachTime
}

/** The grant with what was allowed, and what that was. */
export type SavedConsent = {
  readonly grantId: string
  readonly scopes: readonly string[]
  /** As which company user the grant acts, where the person chose one. */
  readonly companyUserId?: string | undefined
  /** The purchase mandate that the grant refers to now. */
  readonly mandateId?: string | undefined
}

/** Saves what a person has just allowed; `refer` has the grant refer to a purchase mandate, whose id it says. */
export async function saveConsent(
  provider: Provider,
  interaction: LibraryInteraction,
  documentDigest: string | undefined,
  refer: (grant: Grant) => string | undefined,
): Promise<SavedConsent> {
  // Consent comes after the sign-in.
  const accountId = interaction.session?.accountId as string
  const existing = interaction.grantId ? await provider.Grant.find(interaction.grantId) : undefined
  const choice = await choiceOf(provider, interaction)
  // Another company may have been chosen since the person was asked.
  const isForIt =
    (choice === undefined || choice === grantFacts(existing)?.companyUserId) &&
    documentDigest === grantFacts(existing)?.documentDigest
  const grant = (isForIt ? existing : undefined) ?? (await newGrant(provider, interaction, accountId))
  if (documentDigest !== undefined) Object.assign(grant, { documentDigest })
  // What the library's consent checks put there.
  const { missingOIDCScope, missingOIDCClaims, missingResourceScopes, asked } = interaction.prompt.details as Missing
  if (missingOIDCScope) grant.addOIDCScope(missingOIDCScope.join(' '))
  if (missingOIDCClaims) grant.addOIDCClaims(missingOIDCClaims)
  for (const [resource, scopes] of Object.entries(missingResourceScopes ?? {})) {
    grant.addResourceScope(resource, scopes.join(' '))
  }
  const { oidcScopes = missingOIDCScope ?? [], resourceScopes = missingResourceScopes ?? {} } = asked ?? {}
  const scopes = [...new Set([...oidcScopes, ...Object.values(resourceScopes).flat()])]
  allowAgain(grant, scopes)
  const mandateId = refer(grant)
  return { grantId: await grant.save(), scopes, companyUserId: grantFacts(grant)?.companyUserId, mandateId }
}

/** What the person took back before and allows now. */
function allowAgain(grant: Grant, scopes: readonly string[]): void {
  const { narrowed } = grantFacts(grant) ?? {}
  if (narrowed) Object.assign(grant, { narrowed: narrowed.filter((name) => !scopes.includes(name)) })
}

/** As whom the session signed in, the grant acts. */
async function newGrant(provider: Provider, { session, params }: LibraryInteraction, accountId: string) {
  const uid = session?.uid
  const signedIn = uid === undefined ? undefined : await provider.Session.findByUid(uid)
  const companyUserId = companyAsked(params) ?? chosenCompanyUser(signedIn)
  const grant = new provider.Grant({ accountId, clientId: String(params.client_id) })
  return withFacts(grant, companyUserId === undefined ? {} : { companyUserId })
}

/** What a request names was looked at before the person was asked for consent. */
function companyAsked({ company_user_id: asked }: LibraryInteraction['params']): string | undefined {
  return typeof asked === 'string' ? asked : undefined
}

/** As which company user the person is about to act, where the request or the session says so. */
export async function choiceOf(
  provider: Provider,
  { params, session }: LibraryInteraction,
): Promise<string | undefined> {
  const asked = companyAsked(params)
  if (asked !== undefined || session?.uid === undefined) return asked
  return chosenCompanyUser(await provider.Session.findByUid(session.uid))
}
