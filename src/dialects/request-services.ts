import type { Context } from 'koa'
import { announceSunset, isOver } from '../http/sunset.ts'
import type { DialectRouterDeps, MountedDialect } from './mounted-dialect.ts'
import { createOwnAccount } from './own-account.ts'
import type { DialectServices } from './services.ts'
import { askWithin, type RunTokenPipeline } from './token-pipeline.ts'

/** What the pipeline says about a client that is gone, that has a secret, or that may not use the grant. */
const UNFIT = /^invalid_client|^invalid_target|grant type is not allowed/

type RequestServices = DialectServices & {
  /** The client that tokens were issued to, or whose token was shown. */
  seen(): { readonly clientId?: string }
}

/** The dialect's client may not use this grant type any more (`grants_sunset`): the endpoint answers as after its own sunset. */
export class GrantEnded extends Error {}

/** The services of one request: those all requests share, and those that know its address and its client. */
export function createRequestServices(
  {
    run,
    pipeline,
    services,
    selfService,
    requestOneTimePassword,
    lockedForSeconds,
    signInByLink,
    checks,
    keySet,
    onUnfitClient,
  }: DialectRouterDeps & { readonly run: RunTokenPipeline },
  ctx: Context,
  { dialect, clientId: ownClientId }: MountedDialect,
): RequestServices {
  let clientId: string | undefined
  return {
    ...services,
    ownAccount: createOwnAccount(selfService, {
      ip: ctx.ip,
      languages: ctx.acceptsLanguages(),
      clientId: ownClientId,
    }),
    codes: {
      ...services.codes,
      async objection(asker) {
        const sunset = await services.codes.sunsetOf(asker)
        if (sunset) announceSunset(ctx, sunset)
        const objection = await services.codes.objection(asker)
        if (objection) return objection
        clientId ??= asker.clientId
        if (sunset && isOver(sunset)) throw new GrantEnded()
        return undefined
      },
    },
    seen: () => (clientId === undefined ? {} : { clientId }),
    async findCaller(bearer, isFor) {
      const caller = await services.findCaller(bearer, isFor)
      clientId ??= caller?.clientId
      return caller
    },
    async issue(parameters, needs) {
      const issued = await run(ctx, { ...parameters, client_id: parameters.client_id ?? ownClientId }, needs)
      if (issued.outcome === 'issued') clientId = issued.tokens.clientId
      else if (issued.failure.hasEnded) throw new GrantEnded()
      else if (
        parameters.client_id === undefined &&
        UNFIT.test(`${issued.failure.error} ${issued.failure.description}`)
      ) {
        onUnfitClient(dialect.name, ownClientId, `${parameters.grant_type}: ${issued.failure.error}`)
      }
      return issued
    },
    introspect: (parameters) => askWithin(pipeline, ctx, '/introspect', parameters),
    revoke: (parameters) => askWithin(pipeline, ctx, '/revoke', parameters),
    checkPassword: (login, password, clientId) => checks.password(login, password, { ip: ctx.ip, clientId }),
    checkAgent: (login, password, by) => checks.agent(login, password, { ip: ctx.ip, ...by }),
    checkOneTimePassword: (login, code, clientId) => checks.oneTimePassword(login, code, { ip: ctx.ip, clientId }),
    keySet: (userAgent) => keySet({ verifier: userAgent || 'unnamed', address: ctx.ip }),
    signInByLink: (token) => signInByLink(ctx, token),
    requestOneTimePassword: (login) => requestOneTimePassword(login, { ip: ctx.ip, languages: ctx.acceptsLanguages() }),
    lockedForSeconds: (login, of) => lockedForSeconds(login, of, { ip: ctx.ip, clientId: ownClientId }),
  }
}
