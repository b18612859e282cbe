import type { Middleware } from 'koa'
import compose from 'koa-compose'
import type { Provider } from 'oidc-provider'
import type { SigningKey } from '../../keys/signing-key.ts'

export type LiveProvider = {
  current(): Provider
  replaceKeys(keys: readonly SigningKey[]): void
  readonly middleware: Middleware
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

  return {
    current: () => provider,
    replaceKeys(next) {
      provider = build(next)
      handle = compose(provider.middleware)
    },
    middleware: (ctx, next) => handle(ctx as never, next),
  }
}
