import type { Router } from '@koa/router'
import type { Context, Middleware } from 'koa'
import { type AnswerError, answerInJson } from '../answer-error.ts'
import { askedPath } from './issuer-path.ts'

/** Answers requests, and knows which methods it has for the path of one. */
export type Routes = Middleware & { methodsAt(ctx: Context): readonly string[] }

/** Tells a middleware what its paths answer to. */
export function routesOf(middleware: Middleware, methodsAt: Routes['methodsAt']): Routes {
  return Object.assign((...given: Parameters<Middleware>) => middleware(...given), { methodsAt })
}

/** The routes of a router. */
export function routed(router: Router): Routes {
  // The router's own context type is not Koa's.
  return routesOf(router.routes() as unknown as Middleware, ({ path }) => methodsOf(router, path))
}

/** The methods of all patterns of a router that fit this path. */
export function methodsOf(router: Router, path: string): string[] {
  return router.match(path, 'GET').path.flatMap(({ methods }) => methods)
}

/** The value of `Allow`: every method once. OPTIONS is always one of them. */
export function allow(methods: readonly string[]): string {
  return [...new Set([...methods, 'OPTIONS'])].sort().join(', ')
}

/**
 * A known path asked with a method that it does not have is 405 with `Allow` (RFC 9110 §15.5.6), and OPTIONS tells the
 * methods (§9.3.7). A 405 that was answered without `Allow` gets it. Several parts of the server may share a path.
 */
export function answerOtherMethods(parts: readonly Routes[], answer: AnswerError = answerInJson): Middleware {
  return async function answerOtherMethod(ctx, next) {
    // A dialect may rewrite the path before it hands the request on.
    const methods = parts.flatMap((part) => part.methodsAt(ctx))
    await next()
    if (ctx.status === 405 && !ctx.response.get('Allow')) ctx.set('Allow', allow(methods))
    const isAnswered = ctx.status !== 404 || (ctx.body !== undefined && ctx.body !== null)
    if (isAnswered || methods.length === 0) return
    const allowed = allow(methods)
    if (ctx.method === 'OPTIONS') {
      ctx.status = 204
      ctx.set('Allow', allowed)
    } else if (!methods.includes(ctx.method)) {
      ctx.set('Allow', allowed)
      const error_description = `${ctx.method} is not allowed at ${askedPath(ctx)}; use one of ${allowed}`
      answer(ctx, { status: 405, error: 'invalid_request', error_description })
    }
  }
}
