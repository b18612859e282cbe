import type { Context } from 'koa'

const NOTICE_DAYS = 180
const DAY_SECONDS = 86_400
const DAY = /^\d{4}-\d{2}-\d{2}$/

/** When something that clients use ends; epoch seconds. */
export type Sunset = { readonly deprecatedAt: number; readonly closesAt: number }

/** The sunset of a day like `2027-06-30`: its first moment, UTC. It counts as deprecated half a year before. */
export function sunsetOn(day: string): Sunset | undefined {
  const closesAt = DAY.test(day) ? Date.parse(`${day}T00:00:00Z`) / 1000 : Number.NaN
  return Number.isNaN(closesAt) ? undefined : { closesAt, deprecatedAt: closesAt - NOTICE_DAYS * DAY_SECONDS }
}

export function isOver({ closesAt }: Sunset, nowMs = Date.now()): boolean {
  return nowMs / 1000 >= closesAt
}

/**
 * Says when it ends: Deprecation (RFC 9745 §2) and Sunset (RFC 8594 §3), and the page that tells developers what to do instead (§3 of
 * both). Of several that hold for an answer, the first. Pages of other origins may read it.
 */
export function announceSunset(ctx: Context, { deprecatedAt, closesAt }: Sunset, page?: string): void {
  const announced = ctx.response.get('Sunset')
  if (announced && Date.parse(announced) <= closesAt * 1000) return
  ctx.set({ Deprecation: `@${deprecatedAt}`, Sunset: new Date(closesAt * 1000).toUTCString() })
  const link = ['deprecation', 'sunset'].map((relation) => `<${page}>; rel="${relation}"; type="text/html"`)
  if (page !== undefined && !announced) ctx.append('Link', link)
  if (ctx.get('Origin') === '' || announced) return
  const exposed = ctx.response.get('Access-Control-Expose-Headers')
  ctx.set('Access-Control-Expose-Headers', [exposed, 'Deprecation, Sunset, Link'].filter(Boolean).join(', '))
}
