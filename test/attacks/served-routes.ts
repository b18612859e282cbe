import { Router } from '@koa/router'
import { vi } from 'vitest'

/** A path that the public listener answers, with the methods it has there. */
export type ServedRoute = {
  /** As the router reads it. */
  readonly pattern: string
  /** The pattern with `x` for what differs. */
  readonly path: string
  readonly methods: readonly string[]
}

export const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE']
/** Registered on the other listener. */
const ADMIN = /^\/(v1|console|metrics)(\/|$)/
/** What the library registers with a router of its own, and what is served without one. */
const WITHOUT_A_ROUTER: Readonly<Record<string, string>> = {
  '/authorize': 'GET, POST',
  '/authorize/:uid': 'GET',
  '/authorize-challenge': 'POST',
  '/token': 'POST',
  '/introspect': 'POST',
  '/revoke': 'POST',
  '/par': 'POST',
  '/device_authorization': 'POST',
  '/userinfo': 'GET, POST',
  '/jwks': 'GET',
  '/logout': 'GET, POST',
  '/logout/confirm': 'POST',
  '/logout/success': 'GET',
  '/device': 'GET, POST',
  '/revocations': 'GET',
  '/status-lists': 'GET',
  '/status-lists/1': 'GET',
  '/.well-known/openid-configuration': 'GET',
  '/.well-known/oauth-authorization-server': 'GET',
}

/**
 * Runs `start`, and tells every route that was registered meanwhile on the public listener. A test of all of them needs no list
 * that somebody has to remember.
 */
export async function withRoutes<T>(start: () => Promise<T>): Promise<{ started: T; routes: ServedRoute[] }> {
  const routers = new Set<Router>()
  const { routes } = Router.prototype
  // A router that is asked for its middleware is served; others only look paths up.
  const spy = vi.spyOn(Router.prototype, 'routes').mockImplementation(function note(this: Router) {
    routers.add(this)
    return routes.call(this)
  })
  try {
    const started = await start()
    return { started, routes: servedBy(routers) }
  } finally {
    spy.mockRestore()
  }
}

function servedBy(routers: Iterable<Router>): ServedRoute[] {
  const methodsOf = new Map(
    Object.entries(WITHOUT_A_ROUTER).map(([pattern, methods]) => [pattern, new Set(methods.split(', '))]),
  )
  for (const { stack } of routers)
    for (const { path, methods } of stack) {
      const pattern = String(path)
      // What takes every method refuses those that the routes before it do not have.
      if (ADMIN.test(pattern) || methods.length > METHODS.length) continue
      const known = methodsOf.get(pattern) ?? new Set()
      for (const method of methods) if (METHODS.includes(method) && method !== 'HEAD') known.add(method)
      methodsOf.set(pattern, known)
    }
  return [...methodsOf]
    .filter(([, methods]) => methods.size > 0)
    .map(([pattern, methods]) => ({ pattern, path: concrete(pattern), methods: [...methods].sort() }))
    .sort((one, other) => (one.pattern < other.pattern ? -1 : 1))
}

/** Without optional parts, and with `x` for each parameter. */
export function concrete(pattern: string, value = 'x'): string {
  return pattern.replaceAll(/\{[^}]*\}/g, '').replaceAll(/:\w+/g, value)
}
