import type { Middleware } from 'koa'
import compose from 'koa-compose'
import type { Provider } from 'oidc-provider'
import { type Routes, routesOf } from '../../http/routing/other-methods.ts'
import type { SigningKey } from '../../keys/signing-key.ts'
import { methodsAt } from './library-seam.ts'

export type LiveProvider = {
  current(): Provider
  replaceKeys(keys: readonly SigningKey[]): void
  readonly middleware: Middleware
  /** The same, with the methods of its paths. */
  readonly routes: Routes
}

/**
 * oidc-provider reads its keys once, at construction. Rotating therefore means building another provider (about a
 * millisecond) and swapping it in; requests under way finish on the old one.
 */
export function createLiveProvider(
  build: (keys: readonly SigningKey[]) => Provider,
  keys: readonly SigningKey[],
): LiveProvider {
  let provider = build(keys)
  let handle = compose(provider.middleware)
  // The two packages have a copy of Koa's types each.
  const middleware: Middleware = (ctx, next) => handle(ctx as never, next)

  return {
    current: () => provider,
    replaceKeys(next) {
      provider = build(next)
      handle = compose(provider.middleware)
    },
    middleware,
    routes: routesOf(middleware, ({ path }) => methodsAt(provider, path)),
  }
}
