import { errors, type KoaContextWithOIDC } from 'oidc-provider'
import { type Mandate, stateOf } from '../../mandates/mandate.ts'
import { isWithin, tighter } from '../../mandates/narrowing.ts'
import { type AskedDetail, MANDATE_TYPE, type MandateTerms, readDetail } from '../../mandates/terms.ts'
import { parametersOf } from '../library-values.ts'

export type AuthorizationDetailsDeps = {
  readonly findMandates: (ids: readonly string[]) => Promise<readonly Mandate[]>
  /** MANDATE_MAX_DAYS. */
  readonly maxDays: number
  /** The resource server of a client that names none. */
  readonly defaultResource: string
}

/** What codes and refresh tokens carry of a mandate: what it says is looked up when a token is made. */
export type MandateReference = { readonly type: typeof MANDATE_TYPE; readonly mandate_id: string }

/** A token carries what its client may buy; more mandates than these are for none to read. */
const MOST_IN_TOKEN = 3
const MOST_BYTES = 4096

/** Grant types that begin with a page, where the customer was asked. */
const WITH_CONSENT = /^(authorization_code|refresh_token)$|:(device_code|ciba)$/

/** Rich authorization requests (RFC 9396) for purchase mandates. */
export function authorizationDetailsFeature(deps: AuthorizationDetailsDeps) {
  return {
    enabled: true,
    types: {
      [MANDATE_TYPE]: {
        validate: (ctx: KoaContextWithOIDC, detail: object, client: LibraryClient) =>
          validate(deps, ctx, detail, client),
      },
    },
    authorizationDetailsForGrantSource: (ctx: KoaContextWithOIDC, source: Source) => forGrantSource(deps, ctx, source),
    authorizationDetailsForAccessToken: (ctx: KoaContextWithOIDC, token: Token, source: Source | undefined) =>
      forAccessToken(deps, ctx, token, source),
    // Introspection is ours.
    authorizationDetailsForIntrospection: (_ctx: KoaContextWithOIDC, token: Token) => token.rar,
  } as const
}

type LibraryClient = { readonly clientId: string; readonly default_resource?: string }
type Token = { readonly rar?: readonly object[]; readonly resourceServer?: { identifier(): string } }
type Source = { readonly rar?: readonly MandateReference[]; readonly resource?: string | readonly string[] }

/** What a consent left with the interaction: the mandate that it was about. */
export type MandateConsent = { readonly grantId?: string; readonly mandateId?: string }

async function validate(
  { findMandates, maxDays, defaultResource }: AuthorizationDetailsDeps,
  ctx: KoaContextWithOIDC,
  detail: object,
  client: LibraryClient,
): Promise<void> {
  const asked = readAsked(detail, maxDays)
  const { authorization_details, grant_type, resource } = parametersOf(ctx)
  if (typeof authorization_details === 'string' && isMoreThanOne(authorization_details))
    throw refusal(`one purchase mandate at a time, in at most ${MOST_BYTES} bytes`)
  if (ctx.oidc.route === 'backchannel_authentication')
    throw refusal('a purchase mandate is given on a page that says it whole: ask at the authorization endpoint')
  const isAtToken = ctx.oidc.route === 'token'
  if (isAtToken && !WITH_CONSENT.test(String(grant_type)))
    throw refusal(`${String(grant_type)} asks no customer: a purchase mandate needs consent`)
  if (asked.kind === 'approval') {
    if (isAtToken) throw refusal('approve: is asked for at the authorization endpoint')
    return validateApproval(findMandates, client, asked.approval)
  }
  if (asked.mandateId !== undefined && !isAtToken) throw refusal('mandate_id: names a mandate that is granted already')
  const [location] = asked.terms.locations ?? []
  // At the token endpoint the mandate says which resource it is for.
  if (isAtToken || location === undefined) return
  const named = Array.isArray(resource) ? resource : [resource ?? client.default_resource ?? defaultResource]
  if (!named.includes(location)) throw refusal('locations: must be the resource of the request')
}

async function validateApproval(
  findMandates: AuthorizationDetailsDeps['findMandates'],
  client: LibraryClient,
  { mandateId, amount, currency }: Extract<AskedDetail, { kind: 'approval' }>['approval'],
): Promise<void> {
  const [mandate] = await findMandates([mandateId])
  const isLive = mandate?.clientId === client.clientId && stateOf(mandate, now()) === 'active'
  if (!mandate || !isLive) throw refusal('mandate_id: this client has no such mandate, or it is over')
  const { per_order, budget } = mandate.terms
  const most = Math.min(per_order?.amount ?? Number.MAX_SAFE_INTEGER, budget?.amount ?? Number.MAX_SAFE_INTEGER)
  if (currency !== (per_order ?? budget)?.currency) throw refusal('approve.currency: is not that of the mandate')
  if (amount > most) throw refusal('approve.amount: is more than the mandate allows; ask for another mandate')
}

/** @throws with the member that is wrong and why. */
function readAsked(detail: object, maxDays: number): AskedDetail {
  const read = readDetail(detail as Record<string, unknown>, { now: now(), maxDays }) // the library has seen that it is an object
  if (read.kind === 'fault') throw refusal(read.fault)
  return read
}

function isMoreThanOne(text: string): boolean {
  const details: unknown = JSON.parse(text) // the library has read it before
  return Buffer.byteLength(text) > MOST_BYTES || (Array.isArray(details) && details.length > 1)
}

/** A code and what is refreshed of it carry the mandate of this request, or those that the grant has where it asks for none. */
async function forGrantSource(
  { findMandates }: AuthorizationDetailsDeps,
  ctx: KoaContextWithOIDC,
  { resource }: Source,
): Promise<MandateReference[] | undefined> {
  const { oidc } = ctx
  if (oidc.params?.authorization_details !== undefined) {
    const { mandateId } = (oidc.result?.consent ?? {}) as MandateConsent // as our consent leaves it
    if (mandateId === undefined) throw refusal('the customer was not asked for this mandate')
    return [referenceTo(mandateId)]
  }
  const grant = oidc.entities.Grant as unknown as Source | undefined // with the library's list of details
  const ids = (grant?.rar ?? []).map(({ mandate_id }) => mandate_id)
  const found = await findMandates(ids)
  const wanted = resource === undefined ? [] : [resource].flat()
  const live = found.filter((mandate) => isLive(mandate) && wanted.includes(mandate.resource))
  return live
    .sort((one, other) => other.seq - one.seq)
    .slice(0, MOST_IN_TOKEN)
    .map(({ id }) => referenceTo(id))
}

/** What a token says it may buy: the mandates of its source as they are now, or less where the request asks for less. */
async function forAccessToken(
  { findMandates, maxDays }: AuthorizationDetailsDeps,
  ctx: KoaContextWithOIDC,
  token: Token,
  source: Source | undefined,
): Promise<object[] | undefined> {
  const { authorization_details } = parametersOf(ctx)
  const asked = typeof authorization_details === 'string' ? readOne(authorization_details, maxDays) : undefined
  const ids = (source?.rar ?? []).map(({ mandate_id }) => mandate_id)
  const found = ids.length === 0 ? [] : await findMandates(ids)
  const identifier = token.resourceServer?.identifier()
  const live = found.filter((mandate) => isLive(mandate) && mandate.resource === identifier)
  if (!asked) return live.map((mandate) => detailOf(mandate))
  const [wider] = live.filter(({ id }) => asked.mandateId === undefined || asked.mandateId === id)
  if (!wider) throw refusal('no such mandate was granted with this, or it is over')
  if (!isWithin({ locations: [wider.resource], ...asked.terms }, wider.terms))
    throw refusal('is wider than the mandate that was granted')
  return [detailOf(wider, asked.terms)]
}

function readOne(text: string, maxDays: number): Extract<AskedDetail, { kind: 'mandate' }> | undefined {
  const [detail] = JSON.parse(text) as object[] // the library has read it before
  const asked = detail && readAsked(detail, maxDays)
  return asked?.kind === 'mandate' ? asked : undefined
}

/** A mandate as tokens say it. */
export function detailOf(mandate: Mandate, asked: Partial<MandateTerms> = {}): Record<string, unknown> {
  return { type: MANDATE_TYPE, mandate_id: mandate.id, ...tighter(asked, mandate.terms) }
}

export function referenceTo(mandateId: string): MandateReference {
  return { type: MANDATE_TYPE, mandate_id: mandateId }
}

/** A paused mandate stays in tokens: the shop is told when it wants to hold something. */
function isLive(mandate: Mandate): boolean {
  const state = stateOf(mandate, now())
  return state === 'active' || state === 'paused'
}

/** `invalid_authorization_details` (RFC 9396 §5). */
function refusal(description: string): errors.OIDCProviderError {
  return new errors.InvalidAuthorizationDetails(description)
}

function now(): number {
  return Math.floor(Date.now() / 1000)
}
