import type { Context } from 'koa'

/**
 * Whether a page of another origin asks, as browsers say it (Fetch Metadata Request Headers §2; Origin, RFC 6454 §7): it
 * may send nearly anything, although it may not read the answer. Programs say nothing. A person who follows a link from
 * another site asks for themselves.
 */
export function isOfAnotherSite(ctx: Context): boolean {
  const site = ctx.get('Sec-Fetch-Site')
  const origin = ctx.get('Origin')
  if (site === '') return origin !== '' && URL.parse(origin)?.host !== ctx.get('Host')
  if (site === 'same-origin' || site === 'none') return false
  return !(ctx.method === 'GET' && ctx.get('Sec-Fetch-Dest') === 'document')
}
