import type { Middleware } from 'koa'
import { METADATA } from '../../http/routing/issuer-path.ts'

export type LastMetadataDeps = {
  /** The engine of now. Another one may say other metadata. */
  readonly engine: () => object
  /** The scopes that the metadata name; a new list may have others. */
  readonly offeredScopes: () => readonly string[] | undefined
  /** The kinds of trusted issuers, on which grant types and profiles depend. */
  readonly issuerKinds: () => string
  /** Those that have ended by now. */
  readonly endedGrants: () => readonly string[]
}

/**
 * Remembers the server's metadata as the engine says them (RFC 8414 §2), for as long as the engine and the scopes it names are
 * the same: they are worked out once, and answered many times.
 */
export function createLastMetadata({ engine, offeredScopes, issuerKinds, endedGrants }: LastMetadataDeps) {
  const dependsOn = () => `${issuerKinds()}\n${endedGrants()}`
  let said:
    | {
        readonly body: string
        readonly by: object
        readonly scopes: readonly string[] | undefined
        readonly others: string
      }
    | undefined

  return {
    /** Looks at what the engine answers, within whose middleware it stands. */
    watch: async function watchMetadata(ctx, next) {
      await next()
      if (!METADATA.includes(ctx.path) || ctx.status !== 200 || ctx.method !== 'GET' || ctx.get('Origin')) return
      said = { body: JSON.stringify(ctx.body), by: engine(), scopes: offeredScopes(), others: dependsOn() }
    } satisfies Middleware,

    /** The body as it was last said; undefined where that may not be what would be said now. */
    body(): string | undefined {
      if (!said || said.by !== engine()) return undefined
      return said.scopes === offeredScopes() && said.others === dependsOn() ? said.body : undefined
    },
  }
}
