import { errors, type Grant, type TokenEndpointGrantContext } from 'oidc-provider'
import { checkDpopReplay, checkMtlsCert, validateDpop } from 'oidc-provider/lib/helpers/grants.js'
import type { ClientMetadata } from '../../clients/client.ts'
import type { ResourceServer } from '../../clients/resource-servers.ts'
import type { Customer } from '../../customers/customer.ts'
import { requestState } from '../../http/request-state.ts'
import type { Artifact } from '../../storage/storage.ts'
import { asCustomerAccount, type CustomerAccount } from '../accounts/account.ts'
import { grantFacts } from '../accounts/grant-facts.ts'
import { companyUserIn, noteCompanyChosen, type SwitchCompany } from '../accounts/switch-company.ts'
import { failureOf } from '../failed-requests.ts'
import { clientIdOf, newAccessToken, newRefreshToken, parametersOf } from '../library-values.ts'
import { actingAs, familyPayload } from '../refresh/family.ts'
import { moveGrant } from '../refresh/move-grant.ts'
import type { FoundToken } from '../tokens/found-token.ts'
import type { JudgeToken, Verdict } from '../tokens/token-verdict.ts'
import type { GrantType } from './grant-type.ts'
import { answerRefresh, endOf, enter } from './refresh-answer.ts'
import { type Asker, answerOldToken, mismatch, type Presented, type ReuseDeps } from './refresh-reuse.ts'
import { takeRefreshStep } from './refresh-step.ts'

/** Refuses a refresh whose second factor is older than the client wants. */
export type DemandFactor = (
  ctx: TokenEndpointGrantContext,
  refresh: {
    readonly client: ClientMetadata
    /** Absent where the tokens are of nobody who has factors. */
    readonly customer: Customer | undefined
    /** What is stored of the refresh token. */
    readonly family: Artifact
  },
) => Promise<void>

export type RefreshGrantDeps = ReuseDeps & {
  /** Absent where no client can ask for it. */
  readonly demandFactor?: DemandFactor | undefined
  readonly findClient: (clientId: string) => Promise<ClientMetadata | undefined>
  readonly judgeToken: JudgeToken
  readonly switchCompany: SwitchCompany
  readonly resourceServers: { find(identifier: string): Promise<ResourceServer | undefined> }
}

/**
 * Refreshing, RFC 6749 §6, with rotation unless the client's `refresh_policy` says otherwise. One request wins the swap that rotates a family; a twin that loses, and an
 * honest retry within the client's window, get the winner's answer byte for byte. The same token after the window is
 * theft: the grant goes, and everything under it (RFC 9700 §4.14.2). A token shown by another client or with another
 * key is refused and leaves the family alone, so that a stolen token cannot be used to sign its owner out. `company_user_id`
 * lets the sign-in go on for another company; access tokens of the former one run out.
 */
export function refreshTokenGrant(deps: RefreshGrantDeps): GrantType {
  return {
    name: 'refresh_token',
    parameters: ['refresh_token', 'scope', 'resource', 'company_user_id', 'authorization_details'],
    async handle(ctx) {
      const failure = failureOf(ctx.req)
      if (failure) throw failure
      const dPoP = await validateDpop(ctx.oidc.provider, ctx)
      const { presented, verdict } = await readPresentedToken(deps, ctx, dPoP?.thumbprint)
      if (!verdict.works) {
        if (verdict.reason !== 'rotated')
          throw new errors.InvalidGrant(`the refresh token does not work: ${verdict.reason}`)
        ctx.body = await answerOldToken(deps, askerOf(ctx), presented)
        return
      }
      await checkDpopReplay(ctx.oidc.provider, ctx, dPoP, presented.binding.clientId, errors.InvalidGrant)
      ctx.body = await refresh(deps, ctx, presented, verdict)
    },
  }
}

type Working = Extract<Verdict, { works: true }>
type Shown = { readonly presented: Presented; readonly verdict: Verdict }

async function readPresentedToken(
  deps: RefreshGrantDeps,
  ctx: TokenEndpointGrantContext,
  jkt?: string,
): Promise<Shown> {
  const { refresh_token: value, scope, resource, authorization_details: details } = parametersOf(ctx)
  if (typeof value !== 'string') throw new errors.InvalidRequest("missing required parameter(s) 'refresh_token'")
  const companyUserId = companyUserIn(parametersOf(ctx))
  const binding = {
    clientId: clientIdOf(ctx),
    ...(typeof scope === 'string' && { scope }),
    ...(typeof resource === 'string' && { resource }),
    ...(jkt !== undefined && { jkt }),
    ...(companyUserId !== undefined && { companyUserId }),
    ...(typeof details === 'string' && { authorizationDetails: details }),
  }
  const verdict = await deps.judgeToken(value, {
    asker: 'refresh',
    objection: (token) => (token.kind === 'refresh-token' ? strangerTo(token, ctx, jkt)?.refusal : 'wrong-kind'),
  })
  const { parts, family: stored } = verdict.records ?? {}
  if (!parts || !stored || !verdict.token) throw new errors.InvalidGrant('refresh token not found')
  // Also of a token that does not work any more: only its own client hears that it was used before.
  const stranger = strangerTo(verdict.token, ctx, jkt)
  if (stranger) throw mismatch(deps, askerOf(ctx), stored.artifact, stranger.by)
  return { presented: { value, parts, stored, binding }, verdict }
}

/** What tells the client that shows the token from the one it was given to. */
function strangerTo(token: FoundToken, ctx: TokenEndpointGrantContext, jkt: string | undefined) {
  if (token.clientId !== ctx.oidc.client?.clientId)
    return { by: 'another client', refusal: 'caller-not-entitled' } as const
  if (token.jkt !== undefined && token.jkt !== jkt)
    return { by: 'another DPoP key', refusal: 'key-not-proved' } as const
  const bound = token.certificateThumbprint
  if (bound !== undefined && bound !== certificateThumbprint(ctx))
    return { by: 'another certificate', refusal: 'key-not-proved' } as const
  return undefined
}

/** The thumbprint of the certificate the request came with, as the library writes it. */
function certificateThumbprint(ctx: TokenEndpointGrantContext): unknown {
  const token = newAccessToken(ctx.oidc.provider, {})
  const certificate = checkMtlsCert(ctx.oidc.provider, ctx)
  if (certificate) token.setThumbprint('x5t', certificate)
  return token['x5t#S256']
}

async function refresh(
  deps: RefreshGrantDeps,
  ctx: TokenEndpointGrantContext,
  shown: Presented,
  verdict: Working,
): Promise<object> {
  const { companyUserId } = shown.binding
  const presented = { ...shown, stored: actingAs(shown.stored, companyUserId) }
  const client = await deps.findClient(presented.binding.clientId)
  if (!client) throw new errors.InvalidGrant('client not found')
  const customer = asCustomerAccount(verdict.account)?.customer
  await deps.demandFactor?.(ctx, { client, customer, family: presented.stored.artifact })
  const current = newRefreshToken(ctx.oidc.provider, familyPayload(presented.stored, presented.value))
  const grant = enter(ctx, current, verdict)
  const chosen = companyUserId === undefined ? undefined : await actAs(deps, ctx, { grant, verdict, companyUserId })
  const server = await deps.resourceServers.find(String(current.resource))
  return takeRefreshStep(deps, askerOf(ctx), {
    presented,
    client,
    server,
    endsAt: endOf(current),
    answer: async (refreshToken) => ({
      body: await answerRefresh(ctx, grant, current, refreshToken),
      accessTtlSeconds: ctx.oidc.entities.AccessToken?.expiration ?? 0,
    }),
    async settle() {
      if (companyUserId === undefined || !chosen) return
      noteCompanyChosen(deps.audit, ctx, { account: chosen, grantId: grant.jti, companyUserId })
      // What came of an access token does not speak for the whole sign-in.
      if (endOf(current) === undefined)
        await moveGrant(deps.storage, { grantId: grant.jti, family: presented.parts.family })
    },
  })
}

/** Has the tokens of this request say the company user that it names. */
async function actAs(
  { switchCompany }: RefreshGrantDeps,
  ctx: TokenEndpointGrantContext,
  { grant, verdict, companyUserId }: { grant: Grant; verdict: Working; companyUserId: string },
): Promise<CustomerAccount> {
  const { token, account, records } = verdict
  const grantedAtMs = grantFacts(records.grant?.artifact)?.createdAtMs ?? token.issuedAtMs
  const other = await switchCompany(account, companyUserId, { clientId: token.clientId, grantedAtMs })
  ctx.oidc.entity('Account', other)
  Object.assign(grant, { companyUserId })
  return other
}

function askerOf(ctx: TokenEndpointGrantContext): Asker {
  return { state: requestState(ctx), ip: ctx.ip, clientId: clientIdOf(ctx) }
}
