import { z } from 'zod'
import type { FindToken } from '../../oauth/tokens/token-status.ts'
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
    reason: z.enum(['unknown', 'expired', 'rotated', 'grant-revoked', 'denied', 'signed-out']),
  }),
])

/** One token, looked at from inside: whose it is, and why it works or does not. The token itself is never kept. */
export function tokenRoutes({ findToken }: { readonly findToken: FindToken }): Route[] {
  return [
    route({
      method: 'POST',
      path: '/v1/tokens/inspect',
      summary: 'Whose token this is, and why it works or does not',
      permission: 'tokens:inspect',
      body: z.strictObject({ token: z.string().min(1).max(65_536) }),
      result: status,
      audit: 'token.inspected',
      handle: async ({ body }) => (await findToken(body.token)) as z.input<typeof status>, // claims are of any kind
    }),
  ]
}
