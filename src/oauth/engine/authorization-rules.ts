import type { KoaContextWithOIDC, Provider } from 'oidc-provider'
import authorizationSteps from 'oidc-provider/lib/actions/authorization/index.js'
import { checkScope } from 'oidc-provider/lib/actions/authorization/scopes.js'
import tokenSteps from 'oidc-provider/lib/actions/token.js'
import checkResource from 'oidc-provider/lib/shared/check_resource.js'
import type { ResourceServer } from '../../clients/resource-servers.ts'
import { refuseNoScope, scopeOrDefault } from '../requests/asked-scopes.ts'
import { registeredResources } from '../requests/resource-alias.ts'
import { demandOf, withDemand } from '../requests/scope-policies.ts'

type FindResourceServer = (identifier: string) => Promise<ResourceServer | undefined>

const findersOf = new WeakMap<object, FindResourceServer>()

const ENDPOINTS = ['authorization', 'pushed_authorization_request', 'device_authorization'] as const

// Once per process, as in `library-seam.ts`: the lists of steps are the library's own, for all providers.
for (const endpoint of ENDPOINTS) {
  const steps = authorizationSteps(endpoint)
  insert(steps, checkScope, [nameDefaultScope], 0)
  insert(steps, checkResource, [nameRegisteredResources], 0)
  insert(steps, checkResource, [refuseRequestsForNothing, demandSignIn], 1)
}
// The last step of the token endpoint runs the grant.
tokenSteps.splice(-1, 0, nameRegisteredResources)

/** Has the steps above look resource servers up there. */
export function useRequestRules(provider: Provider, findResourceServer: FindResourceServer): void {
  findersOf.set(provider, findResourceServer)
}

function insert(steps: LibraryMiddleware[], beside: LibraryMiddleware, added: LibraryMiddleware[], offset: number) {
  const place = steps.indexOf(beside)
  if (place < 0) throw new Error("oidc-provider's authorization is not what this version of ours was made for")
  steps.splice(place + offset, 0, ...added)
}

type Params = Record<string, unknown>

function paramsOf({ oidc }: KoaContextWithOIDC): Params {
  return oidc.params as Params // the library has assembled them; each value is untyped input
}

function nameDefaultScope(ctx: KoaContextWithOIDC, next: () => Promise<void>): Promise<void> {
  const params = paramsOf(ctx)
  params.scope = scopeOrDefault({ scope: params.scope, defaultScope: ctx.oidc.client?.default_scope })
  return next()
}

async function nameRegisteredResources(ctx: KoaContextWithOIDC, next: () => Promise<void>): Promise<void> {
  const find = findersOf.get(ctx.oidc.provider)
  const params = paramsOf(ctx)
  if (find && params.resource !== undefined)
    params.resource = await registeredResources(params.resource, async (each) => (await find(each)) !== undefined)
  return next()
}

/** A request for authorization details need not ask for a scope (RFC 9396 §3). */
function refuseRequestsForNothing(ctx: KoaContextWithOIDC, next: () => Promise<void>): Promise<void> {
  const { requestParamScopes, requestParamOIDCScopes, resourceServers = {} } = ctx.oidc
  const servers = Object.values(resourceServers)
  if (paramsOf(ctx).authorization_details === undefined)
    refuseNoScope(
      requestParamScopes,
      (scope) => requestParamOIDCScopes.has(scope) || servers.some(({ scopes }) => scopes.has(scope)),
    )
  return next()
}

/** A pushed request is looked at when it is opened. */
async function demandSignIn(ctx: KoaContextWithOIDC, next: () => Promise<void>): Promise<void> {
  const find = findersOf.get(ctx.oidc.provider)
  const { requestParamScopes, resourceServers = {}, route } = ctx.oidc
  if (find && route !== 'pushed_authorization_request') {
    const asked = Object.entries(resourceServers)
    const servers = await Promise.all(asked.map(([identifier]) => find(identifier)))
    const available = new Set(
      asked.flatMap(([, { scopes }]) => [...scopes].filter((each) => requestParamScopes.has(each))),
    )
    const params = paramsOf(ctx)
    Object.assign(
      params,
      withDemand(
        params,
        demandOf(
          servers.filter((each) => each !== undefined),
          available,
        ),
      ),
    )
  }
  return next()
}
