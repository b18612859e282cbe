import type { KoaContextWithOIDC, Provider } from 'oidc-provider'
import { INACTIVE, type Introspect, SIGNED_ANSWER } from '../tokens/introspection.ts'

/**
 * Answers introspection as JSON (RFC 7662 §2.2), and as a signed JWT where the caller prefers that (RFC 9701 §4). The JWT
 * is addressed to the caller and has no `sub` and no `exp` of its own, so that nothing takes it for a token.
 */
export function answerIntrospection(introspect: Introspect) {
  return async function answer(ctx: KoaContextWithOIDC): Promise<void> {
    const { client, params, provider } = ctx.oidc
    const told = await introspect(String(params?.token), client?.clientId)
    const said = told?.said ?? INACTIVE
    if (ctx.accepts('json', SIGNED_ANSWER) !== SIGNED_ANSWER) {
      ctx.body = said
      return
    }
    ctx.body = await sign(provider, ctx, said)
    ctx.set('Content-Type', SIGNED_ANSWER)
  }
}

/** By the algorithm of the caller's metadata, and with the key that signs its ID tokens by it. */
function sign({ IdToken }: Provider, ctx: KoaContextWithOIDC, said: object): Promise<string> {
  const token = new IdToken({}, { ctx })
  // The library copies what is extra into the payload as it is.
  Object.assign(token, { extra: { token_introspection: said } })
  return token.issue({ use: 'introspection' as never }) // the published type knows fewer uses
}
