import type { Context } from 'koa'
import { errors, type InteractionResults, type Provider } from 'oidc-provider'
import type { Said } from '../../client-links/link-rows.ts'
import type { ClientMetadata } from '../../clients/client.ts'
import type { Proof } from '../../customers/proof.ts'
import type { Lowering } from '../../mandates/narrowing.ts'
import { acrDemandOf, acrOf, demandsPasskey, demandsSecondFactor, SIGNED_IN } from '../accounts/acr.ts'
import { signedInAtMs } from '../accounts/grant-facts.ts'
import type { LinkConsents } from '../links/link-consents.ts'
import type { AskedMandate, MandateConsents } from '../mandates/consent.ts'
import type { AskedScope, DescribeScopes } from './asked-scopes.ts'
import { createEndedInteractions } from './ended-interactions.ts'
import { createInteractionBrowser } from './interaction-browser.ts'
import type { OwnSessions } from './own-sessions.ts'
import { choiceOf, type LibraryInteraction, type Missing, saveConsent } from './save-consent.ts'
import { STEP_UP_REASONS, sessionStrength } from './step-up.ts'
import { type UpstreamSession, upstreamOf } from './upstream-sessions.ts'
import { type ClientFacts, clientFacts, describeMetadata, type WaysOut } from './ways-out.ts'

/** A person's detour through our pages: what the page needs to know, and nothing of the library. */
export type Interaction = {
  readonly uid: string
  readonly prompt: 'login' | 'consent' | 'select_account' | 'company' | 'second_factor'
  readonly client: ClientFacts & { readonly clientId: string }
  /** Where the browser is sent with the answer. */
  readonly redirectUri?: string
  /** The login the client suggested (`login_hint`). */
  readonly loginHint?: string
  /** BCP 47 tags the client asked for (`ui_locales`, or `user_locale` as Google says it), best first. */
  readonly uiLocales: readonly string[]
  /** Whether a sign-in of before is not enough, here or elsewhere (`prompt=login`, `max_age`). */
  readonly wantsFreshSignIn?: boolean
  /** The customer who is signed in, at the prompts for consent and for an account. */
  readonly accountId?: string
  /** As which company user the person is about to act, or `PRIVATE_PERSON`, where the request or the person said so. */
  readonly companyUserId?: string
  /** Whether the client asks for a second factor by name (`acr_values`). */
  readonly wantsSecondFactor: boolean
  /** At the prompt for a second factor: the session that lacks one and nothing else. */
  readonly session?: LiveSession
  /** At the consent prompt: what the client asks for that was not granted before; of a platform of agents all that it asks for. */
  readonly requested: { readonly scopes: readonly AskedScope[]; readonly claims: readonly string[] }
  /** At the consent prompt: the purchase mandate, or the order under one, that the client asks for. */
  readonly mandate?: AskedMandate
}

/** A browser's session that is good for one factor. */
export type LiveSession = {
  readonly customerId: string
  /** How it was signed in (RFC 8176). */
  readonly amr: readonly string[]
  /** Whether it outlives the browser's window. */
  readonly remember: boolean
  /** Epoch seconds: when its person last signed in. */
  readonly authTime: number
  /** Epoch milliseconds: from before what was proved then. */
  readonly signedInAtMs: number
  /** The provider at which they did. */
  readonly upstream?: UpstreamSession | undefined
}

/** How a customer has proved who they are. */
export type FinishedLogin = {
  readonly proof: Proof
  readonly amr: readonly string[]
  readonly remember: boolean
  /** Epoch seconds, where the person signed in before, and only a second factor came now. */
  readonly authTime?: number | undefined
  /** The provider at which they did. */
  readonly upstream?: UpstreamSession | undefined
}

/** Reading and ending interactions. Each `finish` answers the request with a redirect. */
export interface Interactions {
  /** @throws {InteractionLost} when the cookie is missing, foreign or expired. */
  find(ctx: Context): Promise<Interaction>
  /** The client of the interaction that was at this address, if this browser was there. */
  clientAt(ctx: Context): Promise<WaysOut['client']>
  /** The proof is measured again when the library goes on with it. */
  finishLogin(ctx: Context, result: FinishedLogin): Promise<void>
  /** The person allows what was asked, on a page that said so; of a purchase mandate with what they lowered. */
  grantConsent(ctx: Context, said: Said, lowering?: Lowering): Promise<void>
  /** The person does not allow what was asked. */
  refuseConsent(ctx: Context): Promise<void>
  /** Goes on as the customer who is signed in. */
  keepAccount(ctx: Context): Promise<void>
  /** Goes on as this company user, or as a private person. The caller has checked that it is theirs. */
  chooseCompany(ctx: Context, companyUserId: string | undefined): Promise<void>
  /** Sends the person back to the client with `access_denied`. */
  abort(ctx: Context): Promise<void>
}

/** The interaction cannot go on: it expired, finished already, or belongs to another browser. */
export class InteractionLost extends Error {}

/** The library's interactions behind our port; `provider` gives the one in use now. */
export function createInteractions(deps: InteractionDeps): Interactions {
  const { provider, findClient, describeScopes, actAs, noteConsent, consents, mandates } = deps
  const ended = createEndedInteractions(provider().issuer)
  const browsers = createInteractionBrowser(provider().issuer)

  async function details(ctx: Context): Promise<LibraryInteraction> {
    const found = await provider()
      .interactionDetails(ctx.req, ctx.res)
      .catch((error: unknown) => {
        if (error instanceof errors.SessionNotFound) throw new InteractionLost(error.error_description ?? error.message)
        throw error
      })
    if (!browsers.began(ctx, found)) throw new InteractionLost('The interaction began in another browser.')
    return found
  }

  async function finish(ctx: Context, result: InteractionResults, mergeWithLastSubmission: boolean): Promise<void> {
    await details(ctx)
    ctx.redirect(await provider().interactionResult(ctx.req, ctx.res, result, { mergeWithLastSubmission }))
    ctx.status = 303
  }

  return {
    async find(ctx) {
      const found = await details(ctx)
      const client = await findClient(String(found.params.client_id))
      if (!client) throw new InteractionLost('the client is gone')
      ended.remember(ctx, found.uid, client.client_id)
      const [choice, session] = await Promise.all([choiceOf(provider(), found), liveSession(provider(), found)])
      const mandate = found.prompt.name === 'consent' ? await mandates.asked(found) : undefined
      return {
        ...(await describe(found, client, { describeScopes, choice, session })),
        ...optional('mandate', mandate),
      }
    },
    async clientAt(ctx) {
      const clientId = ended.clientIdAt(ctx)
      const client = clientId === undefined ? undefined : await findClient(clientId)
      return client && describeMetadata(client)
    },
    finishLogin: (ctx, { proof, amr, remember, authTime: ts, upstream }) =>
      finish(
        ctx,
        {
          login: { accountId: proof.customerId, amr: [...amr], acr: acrOf(amr), remember, proof, ts, upstream },
          ...CHOSEN,
        },
        false,
      ),
    async grantConsent(ctx, said, lowering = {}) {
      const found = await details(ctx)
      const clientId = String(found.params.client_id)
      const [{ document } = {}, asked] = await Promise.all([findClient(clientId), mandates.asked(found)])
      const saved = await saveConsent(provider(), found, document?.digest, (grant) =>
        asked ? mandates.refer(grant, asked, found) : undefined,
      ).catch((error: unknown) => {
        if (error instanceof errors.AccessDenied) throw new InteractionLost(error.error_description ?? error.message)
        throw error
      })
      const { grantId, scopes, mandateId } = saved
      const isKept = !asked || (await mandates.keep(saved, { asked, lowering, ...linkOf(found) }))
      if (!isKept) return finish(ctx, NO_MANDATE, false)
      if (document) await noteConsent?.(clientId)
      const way = found.deviceCode === undefined ? 'page' : 'device'
      await consents.note({ ...linkOf(found), grantId, scopes, said, way }, ctx)
      await finish(ctx, { consent: { grantId, ...(mandateId !== undefined && { mandateId }) } }, true)
    },
    async refuseConsent(ctx) {
      consents.noteRefusal(linkOf(await details(ctx)), ctx)
      await finish(ctx, REFUSED, false)
    },
    keepAccount: (ctx) => finish(ctx, { select_account: {} }, true),
    async chooseCompany(ctx, companyUserId) {
      await details(ctx)
      await actAs(ctx, companyUserId)
      await finish(ctx, { company: {} }, true)
    },
    abort: (ctx) => finish(ctx, REFUSED, false),
  }
}

const REFUSED = { error: 'access_denied', error_description: 'the person did not allow it' }
const NO_MANDATE = { error: 'access_denied', error_description: 'no such mandate can be given' }

/** Whom a request for consent is about. */
function linkOf({ session, params }: LibraryInteraction) {
  // Consent comes after the sign-in.
  return { customerId: session?.accountId as string, clientId: String(params.client_id) }
}

/** Who signs in has chosen an account, or made one: the prompts that asked for it are answered. */
const CHOSEN = { select_account: {}, create: {} }

type InteractionDeps = {
  readonly provider: () => Provider
  readonly findClient: (clientId: string) => Promise<ClientMetadata | undefined>
  readonly describeScopes: DescribeScopes
  readonly actAs: OwnSessions['actAs']
  /** Somebody let a client in that has a metadata document. */
  readonly noteConsent?: ((clientId: string) => Promise<void>) | undefined
  readonly consents: LinkConsents
  readonly mandates: Pick<MandateConsents, 'asked' | 'refer' | 'keep'>
}
type Describing = {
  readonly describeScopes: DescribeScopes
  readonly choice: string | undefined
  readonly session: LiveSession | undefined
}

type Texts = Readonly<Record<string, string | undefined>>

async function describe(
  found: LibraryInteraction,
  client: ClientMetadata,
  { describeScopes, choice, session }: Describing,
): Promise<Interaction> {
  const missing = found.prompt.details as Missing // what the library's consent checks put there, and ours
  const { missingOIDCScope = [], missingOIDCClaims = [], missingResourceScopes = {} } = missing
  const unasked = { oidcScopes: missingOIDCScope, resourceScopes: missingResourceScopes }
  const { oidcScopes, resourceScopes } = missing.asked ?? unasked
  // The library has read them as texts.
  const { login_hint, user_locale, ui_locales = user_locale, prompt, max_age, redirect_uri } = found.params as Texts
  return {
    uid: found.uid,
    prompt: session ? 'second_factor' : promptOf(found),
    ...optional('session', session),
    wantsSecondFactor: demandsSecondFactor(acrDemandOf(found.params)),
    client: { clientId: client.client_id, ...clientFacts(client) },
    ...optional('redirectUri', redirect_uri),
    ...optional('loginHint', login_hint),
    ...optional('accountId', found.session?.accountId),
    ...optional('companyUserId', choice),
    uiLocales: ui_locales?.split(' ') ?? [],
    ...((prompt?.split(' ').includes('login') || max_age !== undefined) && { wantsFreshSignIn: true }),
    requested: {
      scopes: await describeScopes(
        [...new Set([...oidcScopes, ...Object.values(resourceScopes).flat()])],
        resourceScopes,
      ),
      claims: missingOIDCClaims,
    },
  }
}

/** Half a day: a session that is older shows its first factor again as well (NIST SP 800-63B-4 §2.2.3). */
const STEP_UP_SECONDS = 12 * 3600

/** The session of an interaction, where a second factor is all that is missing. A passkey is none: it is a sign-in. */
async function liveSession(
  provider: Provider,
  { prompt, session, params }: LibraryInteraction,
): Promise<LiveSession | undefined> {
  const isStepUp = prompt.name === 'login' && prompt.reasons.every((reason) => STEP_UP_REASONS.includes(reason))
  if (!isStepUp || session?.uid === undefined || demandsPasskey(acrDemandOf(params))) return undefined
  const found = await provider.Session.findByUid(session.uid)
  const [instant, authTime] = [signedInAtMs(found), found?.authTime()]
  if (!found?.accountId || instant === undefined || authTime === undefined) return undefined
  const isYoung = Date.now() / 1000 - authTime < STEP_UP_SECONDS
  if (!isYoung || sessionStrength(found) !== SIGNED_IN) return undefined
  // Both are missing in the published type.
  const { amr = [], transient } = found as { amr?: string[]; transient?: boolean }
  const how = { amr, remember: transient !== true, upstream: upstreamOf(found) }
  return { customerId: found.accountId, ...how, authTime, signedInAtMs: instant }
}

/** There is nothing to choose from where nobody is signed in; a new account ends in a login. */
function promptOf({ prompt, session }: LibraryInteraction): Interaction['prompt'] {
  if (prompt.name === 'consent' || prompt.name === 'company') return prompt.name
  return prompt.name === 'select_account' && session?.accountId ? 'select_account' : 'login'
}

function optional<Name extends string, T>(name: Name, value: T | undefined): { [K in Name]?: T } {
  // A computed name is no literal to the compiler.
  return (value === undefined ? {} : { [name]: value }) as { [K in Name]?: T }
}
