import type { Middleware } from 'koa'
import { requestState } from './request-state.ts'

export type MeasuredRequest = {
  /** Of a closed list: otherwise each invented path would make a time series. */
  readonly route: string
  /** `2xx`. */
  readonly status: string
  readonly seconds: number
}

const ROUTES: Readonly<Record<string, string>> = {
  '/token': 'token',
  '/introspect': 'introspect',
  '/revoke': 'revoke',
  '/jwks': 'jwks',
  '/userinfo': 'userinfo',
  '/par': 'par',
  '/authorize': 'authorize',
  '/authorize-challenge': 'challenge',
  '/device_authorization': 'device',
  '/device': 'device',
  '/backchannel': 'backchannel',
  '/register': 'register',
  '/logout': 'logout',
  '/revocations': 'revocations',
  '/.well-known/openid-configuration': 'discovery',
  '/.well-known/oauth-authorization-server': 'discovery',
}
const PAGES = /^\/(interaction|account|recovery|registration|confirmation|unblock|assets)(\/|$)/

/** Reports how long each request took, by the kind of route. Probes are left out. A dialect names itself in its request state. */
export function measureRequests(report: (request: MeasuredRequest) => void): Middleware {
  return async function measureRequest(ctx, next) {
    const startedMs = performance.now()
    try {
      await next()
    } finally {
      // Without the issuer's path by now.
      const route = routeOf(ctx.path)
      if (route !== 'health') {
        report({
          route: requestState(ctx).route ?? route,
          status: `${Math.floor(ctx.status / 100)}xx`,
          seconds: (performance.now() - startedMs) / 1000,
        })
      }
    }
  }
}

function routeOf(path: string): string {
  if (path.startsWith('/health/')) return 'health'
  if (path.startsWith('/status-lists')) return 'status-lists'
  return ROUTES[path] ?? (PAGES.test(path) ? 'pages' : 'other')
}
