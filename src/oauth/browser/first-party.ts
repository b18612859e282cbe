import { type Grant, interactionPolicy, type KoaContextWithOIDC, type Session } from 'oidc-provider'
import { isAgentPlatform } from '../../clients/agent-platform.ts'
import type { ClientMetadata } from '../../clients/client.ts'
import { isEmailAddress, normalizeEmail } from '../../credentials/email.ts'
import { accountAskedAtMs, accountOf, asCustomerAccount, type CustomerAccount, choiceOf } from '../accounts/account.ts'
import { askedCompanyUser, type CompanyChoice, companyChoice, isCompanyOpen } from '../accounts/company-choice.ts'
import { type GrantFacts, grantFacts, withFacts } from '../accounts/grant-facts.ts'
import { companyUserRefused } from '../accounts/switch-company.ts'
import type { SignOutCutOffs } from '../sign-out-cut-offs.ts'
import { type AgentLinks, askedEachTime } from './agent-links.ts'
import { policedScopes } from './policed-scopes.ts'
import { addStepUp, type SecondFactorPolicy } from './step-up.ts'

/** What a request may ask to be shown (OpenID Connect Core §3.1.2.1; `create`: Initiating User Registration 1.0 §4.1). */
export function promptValues({ isRegistrationOpen }: Offers): string[] {
  return ['none', 'login', 'consent', 'select_account', ...(isRegistrationOpen ? ['create'] : [])]
}

type Offers = { readonly isRegistrationOpen: boolean }
type PolicyDeps = Offers & { readonly secondFactorPolicy: SecondFactorPolicy }

/** What needs a login beside the library's reasons. */
const LOGIN_CHECKS: readonly (readonly [string, string, (ctx: KoaContextWithOIDC) => boolean])[] = [
  ['login_hint', 'another person is signed in', hintsAtAnother],
  ['verified_email', 'the e-mail address has to be confirmed', lacksVerifiedEmail],
]

/**
 * The library's policy, but that the shop's own apps never ask for consent: the library would ask for every native
 * client, which includes a storefront on a loopback port. And a session whose account may not go on, because it was
 * signed out everywhere or blocked, leads to the login page; the library would end in an error. A choice among accounts,
 * and a new one, come before the login, if they are asked for.
 */
export function interactionPolicyFor({
  isRegistrationOpen,
  secondFactorPolicy,
}: PolicyDeps): interactionPolicy.DefaultPolicy {
  const policy = interactionPolicy.base()
  const consent = policy.get('consent')
  const check = consent?.checks.get('native_client_prompt')
  const login = policy.get('login')
  const [session, asked] = [login?.checks.get('no_session'), login?.checks.get('login_prompt')]
  if (!check || !login || !session || !asked)
    throw new Error("oidc-provider's policy is not what this version of ours was made for")
  session.check = (ctx) => ctx.oidc.entities.Account === undefined
  const isAsked = asked.check
  asked.check = (ctx) => (ignoresPromptLogin(ctx) ? interactionPolicy.Check.NO_NEED_TO_PROMPT : isAsked(ctx))
  for (const [name, why, isNeeded] of LOGIN_CHECKS) {
    login.checks.add(new interactionPolicy.Check(name, why, 'login_required', isNeeded))
  }
  addStepUp(login, secondFactorPolicy)
  const original = check.check
  check.check = (ctx) => (isFirstParty(ctx) ? interactionPolicy.Check.NO_NEED_TO_PROMPT : original(ctx))
  consent?.checks.add(askedEachTime())
  policy.add(new interactionPolicy.Prompt({ name: 'select_account', requestable: true }), 0)
  policy.add(
    new interactionPolicy.Prompt(
      { name: 'company', requestable: false },
      new interactionPolicy.Check('company_choice', 'a company has to be chosen', 'interaction_required', lacksCompany),
    ),
    policy.findIndex(({ name }) => name === 'consent'),
  )
  policy.add(
    policedScopes(),
    policy.findIndex(({ name }) => name === 'consent'),
  )
  if (isRegistrationOpen) policy.add(new interactionPolicy.Prompt({ name: 'create', requestable: true }), 0)
  return policy
}

/**
 * Some shops send `prompt=login` with every request, although a session would do. `max_age` still counts. The library turns
 * `max_age=0` into `prompt=login`, so that it is put back for the end of the interaction to see.
 */
function ignoresPromptLogin({ oidc, query }: KoaContextWithOIDC): boolean {
  if (oidc.client?.ignore_prompt_login !== true || !oidc.params) return false
  const before = oidc.entities.Interaction?.params.max_age
  const asked = oidc.params.max_age ?? oidc.body?.max_age ?? query.max_age ?? before
  const isPushed = oidc.entities.PushedAuthorizationRequest !== undefined
  if (isPushed || (asked !== undefined && Number(asked) === 0)) oidc.params.max_age = 0
  return oidc.params.max_age !== 0
}

/**
 * On a page the person can say who they are. Without one (`prompt=none`) a `login_hint` of another address than that of
 * whoever is signed in is answered `login_required`, as an `id_token_hint` is (OIDC Core §3.1.2.1).
 */
function hintsAtAnother(ctx: KoaContextWithOIDC): boolean {
  const hint = ctx.oidc.params?.login_hint
  if (!ctx.oidc.prompts.has('none') || typeof hint !== 'string' || !isEmailAddress(hint)) return false
  const email = asCustomerAccount(accountOf(ctx))?.customer.email
  return email !== undefined && normalizeEmail(email) !== normalizeEmail(hint)
}

/**
 * A session outlives the confirmation of an address that an operator changed. The login page says how to confirm the new
 * one; a code would let the person take over what belongs to that address at a client that does not look whether it is theirs.
 */
function lacksVerifiedEmail(ctx: KoaContextWithOIDC): boolean {
  if (ctx.oidc.client?.verified_email_only !== true) return false
  return asCustomerAccount(accountOf(ctx))?.customer.emailVerified === false
}

/**
 * Who has several companies and no default says on a page which one they act for, once in a session. Without a page
 * (`prompt=none`) they act for none, as before. A request that names a company user of somebody else is refused: a sign-in
 * would not help.
 */
function lacksCompany(ctx: KoaContextWithOIDC): boolean {
  const account = asCustomerAccount(accountOf(ctx))
  if (!account) return false
  const asked = askedCompanyUser(ctx)
  if (asked !== undefined) {
    if (choiceOf(account) !== asked) throw companyUserRefused()
    return false
  }
  const isAsked = !ctx.oidc.prompts.has('none') && ctx.oidc.client?.company_choice !== 'client'
  return isAsked && account.companyUser === undefined && !companyChoice(ctx) && isCompanyOpen(account.customer)
}

/**
 * The grant of the session for this client. A first-party client is granted what it asks for; for others the person is asked.
 * A grant from before a "sign out everywhere" is no grant.
 */
export function createLoadExistingGrant({ cutOffs, links }: { cutOffs: SignOutCutOffs; links: AgentLinks }) {
  /** The grant of an id, as far as there is one, and whether the person of this session may go on with it. */
  async function look(ctx: KoaContextWithOIDC, grantId: string | undefined) {
    const { client, session, provider } = ctx.oidc
    const existing = grantId ? await provider.Grant.find(grantId) : undefined
    const [accountId, facts] = [session?.accountId, grantFacts(existing)]
    if (!existing || !client || accountId === undefined || !facts)
      return { existing, isCutOff: false, usable: undefined }
    const isCutOff = await cutOffs.isBefore(ownershipOf(accountId, client.clientId, facts), facts.createdAtMs)
    const isOwn = existing.accountId === accountId && existing.clientId === client.clientId
    const isUsable = isOwn && isForCompany(facts, companyChoice(ctx)) && isOfDocument(facts, client) && !isCutOff
    return { existing, isCutOff, usable: isUsable ? existing : undefined }
  }

  return async function loadExistingGrant(ctx: KoaContextWithOIDC): Promise<Grant | undefined> {
    const { client, session, provider } = ctx.oidc
    if (!client || !session) return undefined
    // A grant is loaded for a person who is signed in.
    const accountId = session.accountId as string
    const grantId = ctx.oidc.result?.consent?.grantId ?? session.grantIdFor(client.clientId)
    const { existing, isCutOff, usable } = await look(ctx, grantId)
    const account = asCustomerAccount(accountOf(ctx))
    if (!existing || isCutOff) forgetSid(session, client.clientId)
    if (isAgentPlatform(client)) {
      const owner = { accountId, clientId: client.clientId, ...kept(account) }
      const link = usable ?? (await look(ctx, await links.find(owner))).usable
      return link && (isNew(ctx, link) ? links.keep(link, { owner, client }) : link)
    }
    if (!isFirstParty(ctx)) return usable && asConsented(ctx, usable, account)

    const grant =
      usable ??
      withFacts(new provider.Grant({ accountId, clientId: client.clientId }), {
        createdAtMs: accountAskedAtMs(ctx),
        ...kept(account),
      })
    if (grantEverything(ctx, grant) || !usable) await grant.save()
    return grant
  }
}

/**
 * A client that was told of the end of a sign-in may refuse that `sid` from then on: who signs in there again in the same browser is
 * in another session, as far as the client knows.
 */
function forgetSid({ authorizations }: Session, clientId: string): void {
  if (authorizations?.[clientId]) authorizations[clientId] = {}
}

/** The company that goes without saying was named where the person was asked, and another default later changes no consent. */
async function asConsented(
  ctx: KoaContextWithOIDC,
  grant: Grant,
  account: CustomerAccount | undefined,
): Promise<Grant> {
  if (!isNew(ctx, grant) || kept(account) === undefined || grantFacts(grant)?.companyUserId !== undefined) return grant
  Object.assign(grant, kept(account))
  await grant.save()
  return grant
}

/** Whether the person has just consented to it. */
function isNew(ctx: KoaContextWithOIDC, grant: Grant): boolean {
  return ctx.oidc.result?.consent?.grantId === grant.jti
}

function kept(account: CustomerAccount | undefined): Pick<GrantFacts, 'companyUserId'> | undefined {
  const companyUserId = account && choiceOf(account)
  return companyUserId === undefined ? undefined : { companyUserId }
}

/** People consented to the document of that time: to what is another app by now they have not. */
function isOfDocument({ documentDigest }: GrantFacts, client: object): boolean {
  const { document } = client as Pick<ClientMetadata, 'document'> // the library carries it along
  return document?.digest === documentDigest
}

/** A grant acts for one company: who chose another one needs another grant. */
function isForCompany({ companyUserId }: GrantFacts, choice: CompanyChoice | undefined): boolean {
  return choice === undefined || choice.companyUserId === companyUserId
}

function ownershipOf(accountId: string, clientId: string, { companyUserId }: GrantFacts) {
  return { accountId, clientId, ...(companyUserId && { companyUserId }) }
}

/** Adds what the request asks for and the grant lacks; true when something was added. */
function grantEverything(ctx: KoaContextWithOIDC, grant: Grant): boolean {
  const before = JSON.stringify([grant.openid, grant.resources])
  grant.addOIDCScope([...ctx.oidc.requestParamOIDCScopes].join(' '))
  const claims = [...ctx.oidc.requestParamClaims]
  if (claims.length > 0) grant.addOIDCClaims(claims)
  for (const [identifier, server] of Object.entries(ctx.oidc.resourceServers ?? {})) {
    const scopes = [...ctx.oidc.requestParamScopes].filter((scope) => server.scopes.has(scope))
    if (scopes.length > 0) grant.addResourceScope(identifier, scopes.join(' '))
  }
  return JSON.stringify([grant.openid, grant.resources]) !== before
}

function isFirstParty(ctx: KoaContextWithOIDC): boolean {
  return ctx.oidc.client?.first_party === true
}
