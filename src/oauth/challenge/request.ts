import { errors, type TokenEndpointGrantContext } from 'oidc-provider'
import { checkClaims } from 'oidc-provider/lib/actions/authorization/claims.js'
import { checkPKCE } from 'oidc-provider/lib/actions/authorization/sender_constraints.js'
import { resolveRequestedResources, validateClientScope } from 'oidc-provider/lib/helpers/grants.js'
import isValidScope from 'oidc-provider/lib/helpers/is_valid_scope.js'
import type { ClientMetadata } from '../../clients/client.ts'
import { parametersOf } from '../library-values.ts'
import { demandOfRequest, withDemand } from '../requests/scope-policies.ts'
import type { Round } from './session-record.ts'
import type { Given } from './sign-in.ts'

/** What a request may ask for, by the names of the authorization endpoint; the others mean nothing here. */
export const ROUND_PARAMETERS = [
  'response_type',
  'scope',
  'resource',
  'nonce',
  'claims',
  'acr_values',
  'max_age',
  'code_challenge',
  'code_challenge_method',
  'redirect_uri',
  'state',
  'ui_locales',
  'steps',
  'authorization_details',
  'register',
] as const

/** What a request brings for a step. */
export const STEP_PARAMETERS = [
  'username',
  'password',
  'send',
  'email_code',
  'otp',
  'recovery_code',
  'passkey',
  'new_password',
  'company_user_id',
] as const satisfies readonly (keyof Given)[]

/** In characters. A passkey's answer is the longest; the others are typed, or made by machines. */
const MOST = { passkey: 20_000, claims: 4000, authorization_details: 4000 } as const
const MOST_OTHERS = 1024

/** The request's texts; what is no text was sent twice and is refused before. */
export function textsOf(ctx: TokenEndpointGrantContext): Readonly<Record<string, string | undefined>> {
  const texts = Object.entries(parametersOf(ctx)).filter(
    (entry): entry is [string, string] => typeof entry[1] === 'string',
  )
  for (const [name, text] of texts) {
    const most = Object.hasOwn(MOST, name) ? MOST[name as keyof typeof MOST] : MOST_OTHERS // it is one of them
    if (text.length > most) throw new errors.InvalidRequest(`${name} is too long: ${most} characters at most`)
  }
  return Object.fromEntries(texts)
}

/** What the request brings for steps, to be used up. */
export function givenIn(texts: Readonly<Record<string, string | undefined>>): Given {
  const given = STEP_PARAMETERS.filter((name) => texts[name] !== undefined).map((name) => [name, texts[name]])
  return Object.fromEntries(given) as Given // of these names, with texts
}

/** `response_type` is a must where no `auth_session` says what the sign-in is for. */
export function checkResponseType(ctx: TokenEndpointGrantContext, isFollowUp: boolean): void {
  const { response_type: type } = parametersOf(ctx)
  if (type === undefined && !isFollowUp) throw new errors.InvalidRequest("missing required parameter 'response_type'")
  if (type !== undefined && type !== 'code') throw new errors.UnsupportedResponseType()
}

/**
 * The round that a request begins, by the checks of the authorization endpoint. What it does not say goes on as in the round
 * before, but for what was asked of the sign-in itself.
 */
export async function beginRound(
  ctx: TokenEndpointGrantContext,
  { before, client }: { readonly before: Round | undefined; readonly client: ClientMetadata },
): Promise<Round> {
  const texts = textsOf(ctx)
  // The library's checks read them as of the authorization endpoint.
  const params = ctx.oidc.params as Record<string, unknown> // the texts above
  params.response_type = 'code'
  params.scope ??= before?.scope ?? client.default_scope
  if (before?.codeChallenge !== undefined && texts.code_challenge === undefined)
    Object.assign(params, { code_challenge: before.codeChallenge, code_challenge_method: 'S256' })
  params.resource ??= before?.resource
  if (!isValidScope(params.scope)) throw new errors.InvalidScope('scope contains invalid characters', '')
  await checkPKCE(ctx, next)
  await checkClaims(ctx, next)
  validateClientScope(ctx.oidc.provider, ctx)
  const [server, another] = await resolveRequestedResources(ctx.oidc.provider, ctx)
  if (another) throw new errors.InvalidTarget('only one resource can be asked for at a time')

  const { scope } = params
  const startedAtMs = Date.now()
  // As at the authorization endpoint, a scope may want a stronger or newer sign-in.
  const asked = {
    acr_values: texts.acr_values ?? (before ? undefined : client.default_acr_values?.join(' ')),
    max_age: maxAgeOf(texts.max_age) ?? (before ? undefined : client.default_max_age),
  }
  const demanded = { ...asked, ...withDemand(asked, await demandOfRequest(ctx)) }
  const maxAge = demanded.max_age === undefined ? undefined : Number(demanded.max_age)
  const factorMaxAge = client.second_factor_max_age_seconds
  const acrValues = demanded.acr_values === undefined ? undefined : String(demanded.acr_values)
  return {
    startedAtMs,
    ...(typeof scope === 'string' && { scope }),
    ...(server && { resource: server.identifier() }),
    ...(texts.nonce !== undefined && { nonce: texts.nonce }),
    ...(texts.claims !== undefined && { claims: texts.claims }),
    ...(acrValues !== undefined && { acrValues }),
    ...(typeof params.code_challenge === 'string' && { codeChallenge: params.code_challenge }),
    ...redirectIn(ctx, texts.redirect_uri ?? before?.redirectUri),
    ...withText('state', texts.state),
    ...withText('uiLocales', texts.ui_locales ?? before?.uiLocales),
    ...withText('companyUserId', texts.company_user_id),
    ...stepsIn(texts.steps, before),
    ...(factorMaxAge !== undefined && { factorAfterMs: startedAtMs - factorMaxAge * 1000 }),
    ...(maxAge !== undefined && { freshAfterMs: startedAtMs - maxAge * 1000 }),
  }
}

/** The round with a challenge that a later request brings, where the first one had none. */
export async function withChallenge(ctx: TokenEndpointGrantContext, round: Round): Promise<Round> {
  const { code_challenge: codeChallenge } = textsOf(ctx)
  if (codeChallenge === undefined || round.codeChallenge !== undefined) return round
  const params = ctx.oidc.params as Record<string, unknown> // the texts above
  params.response_type = 'code'
  await checkPKCE(ctx, next)
  return { ...round, codeChallenge }
}

function withText<Name extends keyof Round>(name: Name, text: string | undefined): Partial<Round> {
  return text === undefined ? {} : { [name]: text }
}

function stepsIn(steps: string | undefined, before: Round | undefined): Pick<Round, 'steps'> {
  const shown = steps?.split(/[ ,]+/).filter(Boolean) ?? before?.steps
  return shown ? { steps: shown } : {}
}

/** Where the browser would come back to, if it has to go on; another address than a registered one means nothing here. */
function redirectIn(ctx: TokenEndpointGrantContext, redirectUri: string | undefined): Pick<Round, 'redirectUri'> {
  return redirectUri !== undefined && ctx.oidc.client?.redirectUriAllowed(redirectUri) ? { redirectUri } : {}
}

function maxAgeOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  const seconds = /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN
  if (Number.isNaN(seconds)) throw new errors.InvalidRequest('invalid max_age parameter value')
  return seconds
}

async function next(): Promise<void> {}
