import type { KoaContextWithOIDC } from 'oidc-provider'

/** Schemes of access tokens: such a header says who is signed in, not which client asks. */
const OF_TOKENS = ['bearer', 'dpop']

/**
 * Takes away an Authorization header that is no proof of a client, before the library looks for one: storefronts send a
 * stale bearer with every request, and HTTP clients write `Basic` with an empty secret for a public client (RFC 6749 §2.3.1
 * lets the secret be left out when it is empty). Both are told apart from a mistake as widely used servers do it.
 */
export async function ignoreUnrelatedHeader(ctx: KoaContextWithOIDC, next: () => Promise<void>): Promise<void> {
  const [scheme = '', value = ''] = ctx.get('Authorization').split(' ')
  if (OF_TOKENS.includes(scheme.toLowerCase())) delete ctx.req.headers.authorization
  const clientId = scheme.toLowerCase() === 'basic' ? idWithoutSecret(value) : undefined
  if (clientId !== undefined && (await isPublic(ctx, clientId))) {
    delete ctx.req.headers.authorization
    // As if the client had named itself in the body, which later steps read once more.
    for (const given of [ctx.oidc.params, ctx.oidc.body]) Object.assign(given ?? {}, { client_id: clientId })
  }
  await next()
}

function idWithoutSecret(value: string): string | undefined {
  const [, id] = /^([^:]+):$/.exec(Buffer.from(value, 'base64').toString()) ?? []
  try {
    return id && decodeURIComponent(id.replaceAll('+', '%20'))
  } catch {
    return undefined
  }
}

async function isPublic(ctx: KoaContextWithOIDC, clientId: string): Promise<boolean> {
  const named = ctx.oidc.params?.client_id
  if (named !== undefined && named !== clientId) return false
  const client = await ctx.oidc.provider.Client.find(clientId)
  return client?.clientAuthMethod === 'none'
}
