import type { Context } from 'koa'

/** Whether a person looks at the answer in a browser: it names HTML before JSON, as browsers do for what they show. */
export function wantsPage(ctx: Context): boolean {
  return /\btext\/html\b/i.test(ctx.get('Accept')) && ctx.accepts('json', 'html') === 'html'
}
