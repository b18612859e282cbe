import { z } from 'zod'
import { REFUSALS, type Refusal } from '../../oauth/tokens/refusals.ts'
import type { JudgeToken } from '../../oauth/tokens/token-verdict.ts'
import { type Route, route } from './route.ts'
import { epochSeconds } from './shapes.ts'

const token = z.looseObject({
  kind: z.enum(['access-token', 'client-credentials', 'refresh-token']),
  isStructured: z.boolean(),
  clientId: z.string(),
  accountId: z.string().optional(),
  grantId: z.string().optional(),
  scope: z.string().optional(),
  iat: epochSeconds,
  exp: epochSeconds,
})
const status = z.discriminatedUnion('isLive', [
  z.object({ isLive: z.literal(true), token }),
  z.object({
    isLive: z.literal(false),
    reason: z.enum(Object.keys(REFUSALS) as [Refusal, ...Refusal[]]), // the names of a closed list
  }),
])

/** One token, looked at from inside: whose it is, and why it works or does not. The token itself is never kept. */
export function tokenRoutes({ judgeToken }: { readonly judgeToken: JudgeToken }): Route[] {
  return [
    route({
      method: 'POST',
      path: '/v1/tokens/inspect',
      summary: 'The owner of a token, and why it works or does not work',
      permission: 'tokens:inspect',
      body: z.strictObject({ token: z.string().min(1).max(65_536) }),
      result: status,
      audit: 'token.inspected',
      async handle({ body }): Promise<z.input<typeof status>> {
        const verdict = await judgeToken(body.token, { asker: 'inspection' })
        if (!verdict.works) return { isLive: false, reason: verdict.reason }
        return { isLive: true, token: verdict.token as z.input<typeof token> } // claims are of any kind
      },
    }),
  ]
}
