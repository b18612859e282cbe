import { z } from 'zod'
import { agentIdOf } from '../../oauth/accounts/agent-account.ts'
import { anonymousIdOf } from '../../oauth/accounts/anonymous-account.ts'
import { ENDING_CAUSES, type EndingCause } from '../../sign-in-endings/sign-in-ended.ts'
import type { RecordedToken } from '../../token-history/token-history.ts'
import { clientId, companyUserId, customerId, grantId } from './fields.ts'
import { epochSeconds } from './shapes.ts'

const CAUSES = ['expired', 'rotated', ...ENDING_CAUSES] as const

/** A token on record, in answers. */
export const recordedToken = z
  .object({
    id: z.string().describe('The `jti` of a JWT, else a digest; all refresh tokens of one sign-in have the same.'),
    kind: z
      .enum(['access-token', 'client-credentials', 'refresh-token'])
      .describe('What it is; "client-credentials" is an access token of a client itself.'),
    place: z.int().optional().describe('Of a refresh token: how many came before it in its sign-in.'),
    clientId,
    customerId: customerId.optional(),
    anonymousId: z.string().optional().describe('The id of an anonymous customer, who has not signed in.'),
    agentId: z.string().optional().describe('The id of the agent whose token it is, or who acted for the customer.'),
    companyUserId: companyUserId.optional(),
    grantId: grantId.optional(),
    issuedAt: epochSeconds('When it was issued'),
    expiresAt: epochSeconds('When it ends by itself'),
    endedAt: epochSeconds('When it ended; absent while nothing on record has ended it').optional(),
    cause: z.enum(CAUSES).optional().describe('Why it ended.'),
    endedBy: z.string().optional().describe('Who ended it, where it was not the person who was signed in.'),
  })
  .meta({ id: 'RecordedToken' })

/** A token on record as the API says it. */
export type ListedToken = z.output<typeof recordedToken>

/** Says a record in the words of the API. */
export function toListed({ record, end }: RecordedToken): ListedToken {
  const { tokenId, kind, place, clientId, accountId, agentAccountId, companyUserId, grantId, expiresAt } = record
  const anonymousId = accountId === undefined ? undefined : anonymousIdOf(accountId)
  const ownAgentId = accountId === undefined ? undefined : agentIdOf(accountId)
  const actingAgentId = agentAccountId === undefined ? undefined : agentIdOf(agentAccountId)
  const agentId = actingAgentId ?? ownAgentId
  const isCustomer = accountId !== undefined && anonymousId === undefined && ownAgentId === undefined
  return {
    id: tokenId,
    kind,
    ...(place !== undefined && { place }),
    clientId,
    ...(isCustomer && { customerId: accountId }),
    ...(anonymousId !== undefined && { anonymousId }),
    ...(agentId !== undefined && { agentId }),
    ...(companyUserId !== undefined && { companyUserId }),
    ...(grantId !== undefined && { grantId }),
    issuedAt: Math.floor(record.issuedAtMs / 1000),
    expiresAt,
    ...(end && {
      endedAt: Math.floor(end.atMs / 1000),
      cause: end.cause as EndingCause | 'expired' | 'rotated', // the table keeps what the closed list had when it was written
      ...(end.endedBy !== undefined && { endedBy: end.endedBy }),
    }),
  }
}
