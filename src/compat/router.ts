import { Router } from '@koa/router'
import type { Context, Middleware, Next } from 'koa'
import compose from 'koa-compose'
import { answerPreflight } from './cors.ts'
import type { DialectRoute } from './dialect.ts'
import type { DialectRouterDeps, MountedDialect } from './doors.ts'
import { createTokenPipeline } from './token-pipeline.ts'
import { contextOf, createVisit, reply } from './visit.ts'

/** Routes every dialect's doors, each to the one token pipeline or to an action of its own. */
export function createDialectRouter(deps: DialectRouterDeps): Middleware {
  const run = createTokenPipeline(deps.pipeline)
  return compose(deps.dialects.map((mounted) => createDoors(mounted, createVisit({ ...deps, run }, mounted), deps)))
}

type Visit = ReturnType<typeof createVisit>

function createDoors(mounted: MountedDialect, visit: Visit, { issuer }: { issuer: string }): Middleware {
  const { dialect, basePath } = mounted
  const router = new Router(basePath ? { prefix: basePath } : {})
  for (const [path, methods] of preflights(mounted)) {
    router.options(path, (ctx) => answerPreflight(ctx as unknown as Context, methods, dialect.requestHeaders))
  }
  for (const route of dialect.routes) {
    const enter = (ctx: unknown, next: Next) => visit(ctx as Context, route, next)
    if (route.method === 'ALL') router.all(route.path, enter)
    else router.register(route.path, route.method === 'GET' ? ['HEAD', 'GET'] : [route.method], [enter])
  }
  if (basePath) router.all('{/*path}', (ctx, next) => answerRest(ctx as unknown as Context, next, mounted, issuer))
  return router.routes() as unknown as Middleware // the router's own context type is not Koa's
}

/** Below a base path: a request of a shared path is OAuth's at the root; anything else is a path of nobody. */
async function answerRest(ctx: Context, next: Next, mounted: MountedDialect, issuer: string): Promise<void> {
  const { dialect, basePath } = mounted
  if (ctx.state.isPassedOn) {
    ctx.path = ctx.path.slice(basePath.length)
    return next()
  }
  if (!dialect.onUnknownPath) return next()
  reply(ctx, dialect.onUnknownPath(contextOf(ctx, mounted, issuer)))
}

/** The paths whose preflight is ours to answer, with their methods; a path shared with OAuth is answered there. */
function preflights({ dialect, basePath }: MountedDialect): Map<string, string[]> {
  const isShared = (route: DialectRoute) => 'isMine' in route && basePath === ''
  const shared = new Set(dialect.routes.filter(isShared).map(({ path }) => path))
  const methods = new Map<string, string[]>()
  for (const { path, method } of dialect.routes) {
    if (shared.has(path) || method === 'ALL') continue
    methods.set(path, [...new Set([...(methods.get(path) ?? []), method])])
  }
  return methods
}
