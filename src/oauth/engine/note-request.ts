import type { Middleware } from 'koa'
import type { KoaContextWithOIDC } from 'oidc-provider'
import { factsOf } from '../../http/request-facts.ts'

/** A request may name any text as its grant type; only what looks like one is written down. */
const GRANT_TYPE = /^[\w:.-]{1,100}$/

/** Notes which client asked, and for what grant, once the library knows it: for the access log and the trace. */
export function noteRequest(): Middleware {
  return async function noteRequestFacts(ctx, next) {
    try {
      await next()
    } finally {
      // Absent when the library did not get that far.
      const { client, params } = (ctx as Partial<KoaContextWithOIDC>).oidc ?? {}
      const facts = factsOf(ctx)
      const grantType = params?.grant_type
      if (client) facts.clientId = client.clientId
      if (typeof grantType === 'string' && GRANT_TYPE.test(grantType)) facts.grantType = grantType
    }
  }
}
