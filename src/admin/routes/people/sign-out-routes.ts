import { z } from 'zod'
import type { EndSignIn } from '../../../oauth/sign-outs/end-sign-in.ts'
import { Problem } from '../../problem.ts'
import { type Route, route } from '../route.ts'
import { instant, name } from '../shapes.ts'

/** How far ahead of ours the clock of a caller may be. */
const TOLERATED_MS = 60_000

const somebody = z.enum(['customer', 'agent', 'company-user', 'client'])
const of = 'Whose tokens are revoked.'
const before = instant
  .optional()
  .describe('Only tokens issued before this instant: ISO 8601, or epoch seconds. Unless given: now.')
const subject = z.discriminatedUnion('of', [
  z.strictObject({ of: z.literal('everybody').describe(of), before }),
  z.strictObject({ of: somebody.describe(of), id: name.describe('The id of that one.'), before }),
])
const done = z.object({
  of: z.enum(['everybody', ...somebody.options]).describe(of),
  id: z.string().optional().describe('The id of that one.'),
  before: z.iso.datetime().describe('Tokens issued before this instant do not work any more.'),
})

/** "Sign out everywhere", of one or of all: what was granted until an instant is dead on its next use. */
export function signOutRoutes({ endSignIn }: { readonly endSignIn: EndSignIn }): Route[] {
  return [
    route({
      method: 'POST',
      path: '/v1/sign-outs',
      summary: 'Revoke all tokens issued before an instant, of one customer, agent, company user or client, or of all',
      permission: 'grants:revoke',
      alsoNeeds: ({ body: { of } }) => (of === 'client' || of === 'everybody' ? 'grants:revoke-all' : undefined),
      body: subject,
      result: done,
      async handle({ body: { before, ...who }, actor }) {
        const untilMs = pastInstant(before, Date.now())
        await endSignIn({ what: { ...who, untilMs }, why: 'operator', by: actor.name })
        return { ...who, before: new Date(untilMs).toISOString() }
      },
    }),
  ]
}

/** Epoch milliseconds of `before`, epoch seconds. An instant ahead would end sign-ins that are still to come. */
function pastInstant(before: number | undefined, nowMs: number): number {
  if (before === undefined) return nowMs
  const untilMs = Math.round(before * 1000)
  if (untilMs > nowMs + TOLERATED_MS) {
    const detail = `"before" is in the future: ${new Date(nowMs).toISOString()} is now. Leave it out to end everything until now.`
    throw new Problem(400, 'instant-in-future', detail)
  }
  return Math.min(untilMs, nowMs)
}
