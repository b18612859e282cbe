import { z } from 'zod'
import { numberOfCursor, toPage } from '../../database/page.ts'
import type { FindRecorded } from '../../oauth/tokens/find-recorded.ts'
import { REFUSALS, type Refusal } from '../../oauth/tokens/refusals.ts'
import type { JudgeToken } from '../../oauth/tokens/token-verdict.ts'
import type { TokenHistory } from '../../token-history/token-history.ts'
import { clientId, customerId, grantId, sentenceOf } from './fields.ts'
import { customerIdOf, type FindCustomer } from './named-customer.ts'
import { recordedToken, toListed } from './recorded-token.ts'
import { type Route, route } from './route.ts'
import { epochSeconds, name, pageOf, pageQuery } from './shapes.ts'

const token = z.looseObject({
  kind: z
    .enum(['access-token', 'client-credentials', 'refresh-token'])
    .describe('What it is; "client-credentials" is an access token of a client itself.'),
  isStructured: z.boolean().describe('Whether it is a JWT.'),
  clientId,
  accountId: z.string().optional().describe('The id of the person.'),
  grantId: grantId.optional(),
  scope: z.string().optional().describe('The scopes, separated by blanks.'),
  iat: epochSeconds('When it was issued'),
  exp: epochSeconds('When it ends'),
})
const record = recordedToken.optional().describe('What is on record of it; TOKEN_HISTORY_DAYS says for how long.')
const status = z.discriminatedUnion('isLive', [
  z.object({ isLive: z.literal(true).describe('It works.'), token: token.describe('What is known of it.'), record }),
  z.object({
    isLive: z.literal(false).describe('It does not work.'),
    reason: z.enum(Object.keys(REFUSALS) as [Refusal, ...Refusal[]]).describe('Why not.'), // the names of a closed list
    record,
  }),
])
const id = name.optional()
const query = pageQuery
  .extend({
    jti: id.describe('The `jti` of a JWT, or the `id` of any token on record.'),
    grantId: id.describe(sentenceOf(grantId)),
    customer: id.describe('A customer by id, reference or e-mail address.'),
    customerId: id.describe(sentenceOf(customerId)),
    clientId: id.describe(sentenceOf(clientId)),
  })
  .refine(
    ({ jti, grantId, customer, customerId, clientId }) => jti ?? grantId ?? customer ?? customerId ?? clientId,
    'give a jti, a grantId, a customer, a clientId, or several of them',
  )
  .refine(
    ({ customer, customerId }) => customer === undefined || customerId === undefined,
    'give customer or customerId, not both',
  )

export type TokenRouteDeps = {
  readonly judgeToken: JudgeToken
  readonly findRecorded: FindRecorded
  readonly history: Pick<TokenHistory, 'find' | 'flush'>
  readonly findCustomer: FindCustomer
}

/** Tokens, looked at from inside: whose they are, why they work or do not, and how they ended. Their values are never kept. */
export function tokenRoutes({ judgeToken, findRecorded, history, findCustomer }: TokenRouteDeps): Route[] {
  return [
    route({
      method: 'GET',
      path: '/v1/tokens',
      summary: 'Tokens on record, newest first, and when and why they ended',
      permission: 'tokens:inspect',
      query,
      result: pageOf(recordedToken),
      refusals: [404],
      audit: 'token.inspected',
      about: ({ query: { clientId, grantId } }) => ({
        ...(clientId !== undefined && { clientId }),
        ...(grantId !== undefined && { grantId }),
      }),
      async handle({ query: { jti, grantId, customer, customerId, clientId, limit, cursor }, note }) {
        const accountId = customer === undefined ? customerId : await customerIdOf(findCustomer, customer)
        if (accountId !== undefined) note({ customerId: accountId })
        await history.flush()
        const before = numberOfCursor(cursor)
        const found = await history.find({ tokenId: jti, grantId, accountId, clientId, before, limit: limit + 1 })
        return toPage(found, limit, ({ record: { seq } }) => String(seq), toListed)
      },
    }),
    route({
      method: 'POST',
      path: '/v1/tokens/inspect',
      summary: 'The owner of a token, why it works or does not work, and how it ended',
      permission: 'tokens:inspect',
      body: z.strictObject({ token: z.string().min(1).max(65_536).describe('The token.') }),
      result: status,
      audit: 'token.inspected',
      async handle({ body }): Promise<z.input<typeof status>> {
        const verdict = await judgeToken(body.token, { asker: 'inspection' })
        await history.flush()
        const recorded = await findRecorded(body.token)
        const known = recorded && { record: toListed(recorded) }
        if (!verdict.works) return { isLive: false, reason: verdict.reason, ...known }
        return { isLive: true, token: verdict.token as z.input<typeof token>, ...known } // claims are of any kind
      },
    }),
  ]
}
