import { Router } from '@koa/router'
import type { Context, Middleware, Next } from 'koa'
import compose from 'koa-compose'
import { requestState } from '../http/request-state.ts'
import { methodsOf, type Routes, routesOf } from '../http/routing/other-methods.ts'
import { contextOf, createAnswerRequest, reply } from './answer-request.ts'
import { answerPreflight } from './cors.ts'
import type { DialectRoute } from './dialect.ts'
import type { DialectRouterDeps, MountedDialect } from './mounted-dialect.ts'
import { hostOf } from './mounts.ts'
import { createTokenPipeline } from './token-pipeline.ts'

/** Routes every dialect's endpoints, each to the one token pipeline or to an action of its own. */
export function createDialectRouter(deps: DialectRouterDeps): Routes {
  const run = createTokenPipeline(deps.pipeline)
  const methodsAt = createMethodsAt(deps.dialects)
  const endpoints = deps.dialects.flatMap((mounted) =>
    createEndpoints(mounted, createAnswerRequest({ ...deps, run }, mounted), { ...deps, methodsAt }),
  )
  const longestFirst = deps.dialects.toSorted((one, other) => other.basePath.length - one.basePath.length)
  // Compose types contexts loosely.
  const middleware = compose([...endpoints, (ctx, next) => answerRest(ctx as Context, next, longestFirst, deps.issuer)])
  return routesOf(middleware as Middleware, methodsAt) // as above
}

type MethodsAt = Routes['methodsAt']

/** The methods of all endpoints, of whichever dialect, that share a path at the host that was asked. */
function createMethodsAt(dialects: readonly MountedDialect[]): MethodsAt {
  const known = dialects.map((mounted) => {
    const router = new Router(mounted.basePath ? { prefix: mounted.basePath } : {})
    for (const { method, path } of mounted.dialect.routes) {
      if (method === 'ALL') router.register(path, ['ALL'], [() => {}])
      else register(router, { method, path }, () => {})
    }
    return { router, host: hostOf(mounted) }
  })
  return (ctx) =>
    known.flatMap(({ router, host }) =>
      host === requestState(ctx).mountedHost ? untilAll(methodsOf(router, ctx.path)) : [],
    )
}

/**
 * Whether a dialect answers whatever comes to a path of the issuer's host. One whose routes look first whether a request is
 * theirs shares the path with OAuth: what names or proves a client is never theirs.
 */
export function takesPath(dialects: readonly MountedDialect[], path: string): boolean {
  const whole = dialects
    .filter((mounted) => hostOf(mounted) === undefined)
    .map(({ basePath, dialect }) => {
      const router = new Router(basePath ? { prefix: basePath } : {})
      const taken = dialect.routes.filter((route) => !('isMine' in route && route.isMine))
      for (const route of taken) router.register(route.path, ['POST'], [() => {}])
      return router
    })
  return whole.some((router) => methodsOf(router, path).length > 0)
}

/** Where a dialect takes all methods, it refuses those that its endpoints before do not have; endpoints behind are not reached. */
function untilAll(methods: readonly string[]): readonly string[] {
  const end = methods.indexOf('ALL')
  return end < 0 ? methods : methods.slice(0, end)
}

type AnswerRequest = ReturnType<typeof createAnswerRequest>

function createEndpoints(
  mounted: MountedDialect,
  answerRequest: AnswerRequest,
  { issuer, methodsAt }: { issuer: string; methodsAt: MethodsAt },
): Middleware[] {
  const { dialect, basePath, origin } = mounted
  const open = () => new Router(basePath ? { prefix: basePath } : {})
  const [endpoints, hosted] = [open(), open()]
  for (const path of preflights(mounted)) {
    endpoints.options(path, (given) => {
      const ctx = given as unknown as Context // the router's own context type is not Koa's
      answerPreflight(ctx, methodsAt(ctx), dialect.requestHeaders)
    })
  }
  for (const route of dialect.routes) {
    // The router's own context type is not Koa's.
    const enter = (ctx: unknown, next: Next) => answerRequest(ctx as Context, route, next)
    const isElsewhere = origin !== undefined && 'isHosted' in route && route.isHosted
    if (isElsewhere) register(hosted, route, enter)
    // The router's own context type is not Koa's.
    register(endpoints, route, isElsewhere ? (ctx) => sendTo(issuer, ctx as Context) : enter)
  }
  return [onlyAt(hostOf(mounted), endpoints), ...(hostOf(mounted) === undefined ? [] : [onlyAt(undefined, hosted)])]
}

function register(
  router: Router,
  { method, path }: Pick<DialectRoute, 'method' | 'path'>,
  enter: (ctx: unknown, next: Next) => unknown,
): void {
  if (method === 'ALL') router.all(path, enter)
  else router.register(path, method === 'GET' ? ['HEAD', 'GET'] : [method], [enter])
}

/** The endpoints at one host; undefined means the issuer's. What was handed on to OAuth passes all further endpoints by. */
function onlyAt(host: string | undefined, router: Router): Middleware {
  const routes = router.routes() as unknown as Middleware // the router's own context type is not Koa's
  return (ctx, next) => {
    const { mountedHost, passedOnPath } = requestState(ctx)
    return mountedHost === host && passedOnPath === undefined ? routes(ctx, next) : next()
  }
}

/** A person goes on at the issuer, whose cookies the hosted pages read. */
function sendTo(issuer: string, ctx: Context): void {
  ctx.status = 302
  ctx.set({ Location: `${issuer}${ctx.path}${ctx.search}`, 'Cache-Control': 'no-store' })
  ctx.body = ''
}

/**
 * What no endpoint took: a request of a shared path is OAuth's, at the root of the issuer; anything else below a dialect's
 * base path or at its host is an unknown path.
 */
async function answerRest(
  ctx: Context,
  next: Next,
  dialects: readonly MountedDialect[],
  issuer: string,
): Promise<void> {
  const { passedOnPath, mountedHost } = requestState(ctx)
  if (passedOnPath !== undefined) {
    ctx.path = passedOnPath
    return next()
  }
  const mounted = dialects.find((candidate) => isBelow(candidate, ctx.path, mountedHost))
  if (mounted?.dialect.onUnknownPath) return reply(ctx, mounted.dialect.onUnknownPath(contextOf(ctx, mounted, issuer)))
  if (mountedHost === undefined) return next()
}

/** True for what is below a base path, or at a host, that the dialect has to itself. */
function isBelow(mounted: MountedDialect, path: string, host: string | undefined): boolean {
  const { basePath } = mounted
  if (hostOf(mounted) !== host || (host === undefined && basePath === '')) return false
  return basePath === '' || path === basePath || path.startsWith(`${basePath}/`)
}

/** The paths whose preflight is ours to answer; one shared with OAuth is answered there. */
function preflights({ dialect, basePath, origin }: MountedDialect): Set<string> {
  const isShared = (route: DialectRoute) => 'isMine' in route && basePath === '' && origin === undefined
  const shared = new Set(dialect.routes.filter(isShared).map(({ path }) => path))
  return new Set(
    dialect.routes.filter(({ path, method }) => !shared.has(path) && method !== 'ALL').map(({ path }) => path),
  )
}
