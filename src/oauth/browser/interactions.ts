import type { Context } from 'koa'
import { errors, type InteractionResults, type Provider } from 'oidc-provider'
import type { ClientMetadata } from '../../clients/client.ts'
import type { Proof } from '../../customers/proof.ts'
import { chosenCompanyUser, withFacts } from '../accounts/grant-facts.ts'
import type { AskedScope, DescribeScopes } from './asked-scopes.ts'
import { createEndedInteractions } from './ended-interactions.ts'
import { createInteractionBrowser } from './interaction-browser.ts'
import { describeMetadata, type WaysOut } from './ways-out.ts'

/** A person's detour through our pages: what the page needs to know, and nothing of the library. */
export type Interaction = {
  readonly uid: string
  readonly prompt: 'login' | 'consent' | 'select_account'
  readonly client: {
    readonly clientId: string
    readonly name: string
    readonly isFirstParty: boolean
    readonly logoUri?: string
    readonly policyUri?: string
    readonly tosUri?: string
  }
  /** The login the client suggested (`login_hint`). */
  readonly loginHint?: string
  /** BCP 47 tags the client asked for (`ui_locales`), best first. */
  readonly uiLocales: readonly string[]
  /** The customer who is signed in, at the prompts for consent and for an account. */
  readonly accountId?: string
  /** At the consent prompt: what the client asks for that was not granted before. */
  readonly requested: { readonly scopes: readonly AskedScope[]; readonly claims: readonly string[] }
}

/** Reading and ending interactions. Each `finish` answers the request with a redirect. */
export interface Interactions {
  /** @throws {InteractionLost} when the cookie is missing, foreign or expired. */
  find(ctx: Context): Promise<Interaction>
  /** The client of the interaction that was at this address, if this browser was there. */
  clientAt(ctx: Context): Promise<WaysOut['client']>
  /** The proof is measured again when the library goes on with it. */
  finishLogin(ctx: Context, result: { proof: Proof; amr: readonly string[]; remember: boolean }): Promise<void>
  grantConsent(ctx: Context): Promise<void>
  /** Goes on as the customer who is signed in. */
  keepAccount(ctx: Context): Promise<void>
  /** Sends the person back to the client with `access_denied`. */
  abort(ctx: Context): Promise<void>
}

/** The interaction cannot go on: it expired, finished already, or belongs to another browser. */
export class InteractionLost extends Error {}

/** The library's interactions behind our port; `provider` gives the one in use now. */
export function createInteractions({ provider, findClient, describeScopes }: InteractionDeps): Interactions {
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
      return describe(found, client, describeScopes)
    },
    async clientAt(ctx) {
      const clientId = ended.clientIdAt(ctx)
      const client = clientId === undefined ? undefined : await findClient(clientId)
      return client && describeMetadata(client)
    },
    finishLogin: (ctx, { proof, amr, remember }) =>
      finish(ctx, { login: { accountId: proof.customerId, amr: [...amr], remember, proof }, ...CHOSEN }, false),
    async grantConsent(ctx) {
      const found = await details(ctx)
      const grantId = await saveConsent(provider(), found)
      await finish(ctx, { consent: { grantId } }, true)
    },
    keepAccount: (ctx) => finish(ctx, { select_account: {} }, true),
    abort: (ctx) => finish(ctx, { error: 'access_denied', error_description: 'the person did not allow it' }, false),
  }
}

/** Who signs in has chosen an account, or made one: the prompts that asked for it are answered. */
const CHOSEN = { select_account: {}, create: {} }

type InteractionDeps = {
  readonly provider: () => Provider
  readonly findClient: (clientId: string) => Promise<ClientMetadata | undefined>
  readonly describeScopes: DescribeScopes
}
type LibraryInteraction = Awaited<ReturnType<Provider['interactionDetails']>>
type Missing = {
  missingOIDCScope?: string[]
  missingOIDCClaims?: string[]
  missingResourceScopes?: Record<string, string[]>
}

async function saveConsent(provider: Provider, interaction: LibraryInteraction): Promise<string> {
  // Consent comes after the sign-in.
  const accountId = interaction.session?.accountId as string
  const existing = interaction.grantId ? await provider.Grant.find(interaction.grantId) : undefined
  const grant = existing ?? (await newGrant(provider, interaction, accountId))
  // What the library's consent checks put there.
  const { missingOIDCScope, missingOIDCClaims, missingResourceScopes } = interaction.prompt.details as Missing
  if (missingOIDCScope) grant.addOIDCScope(missingOIDCScope.join(' '))
  if (missingOIDCClaims) grant.addOIDCClaims(missingOIDCClaims)
  for (const [resource, scopes] of Object.entries(missingResourceScopes ?? {})) {
    grant.addResourceScope(resource, scopes.join(' '))
  }
  return grant.save()
}

/** As whom the session signed in, the grant acts. */
async function newGrant(provider: Provider, { session, params }: LibraryInteraction, accountId: string) {
  const uid = session?.uid
  const companyUserId = chosenCompanyUser(uid === undefined ? undefined : await provider.Session.findByUid(uid))
  const grant = new provider.Grant({ accountId, clientId: String(params.client_id) })
  return withFacts(grant, companyUserId === undefined ? {} : { companyUserId })
}

async function describe(
  found: LibraryInteraction,
  client: ClientMetadata,
  describeScopes: DescribeScopes,
): Promise<Interaction> {
  // What the library's consent checks put there.
  const { missingOIDCScope = [], missingOIDCClaims = [], missingResourceScopes = {} } = found.prompt.details as Missing
  // The library has read them as texts.
  const { login_hint, ui_locales } = found.params as Record<string, string | undefined>
  const text = (value: unknown) => (typeof value === 'string' ? value : undefined)
  return {
    uid: found.uid,
    prompt: promptOf(found),
    client: {
      clientId: client.client_id,
      name: client.client_name ?? client.client_id,
      isFirstParty: client.first_party === true,
      ...optional('logoUri', text(client.logo_uri)),
      ...optional('policyUri', text(client.policy_uri)),
      ...optional('tosUri', text(client.tos_uri)),
    },
    ...optional('loginHint', login_hint),
    ...optional('accountId', found.session?.accountId),
    uiLocales: ui_locales?.split(' ') ?? [],
    requested: {
      scopes: await describeScopes(
        [...new Set([...missingOIDCScope, ...Object.values(missingResourceScopes).flat()])],
        missingResourceScopes,
      ),
      claims: missingOIDCClaims,
    },
  }
}

/** There is nothing to choose from where nobody is signed in; a new account ends in a login. */
function promptOf({ prompt, session }: LibraryInteraction): Interaction['prompt'] {
  if (prompt.name === 'consent') return 'consent'
  return prompt.name === 'select_account' && session?.accountId ? 'select_account' : 'login'
}

function optional<Name extends string, T>(name: Name, value: T | undefined): { [K in Name]?: T } {
  // A computed name is no literal to the compiler.
  return (value === undefined ? {} : { [name]: value }) as { [K in Name]?: T }
}
