import { z } from 'zod'
import type { ClientLinks } from '../../client-links/client-links.ts'
import type { LastUse } from '../../client-links/link-rows.ts'
import type { ActiveGrants } from '../../oauth/sign-outs/active-grants.ts'
import { Problem } from '../problem.ts'
import { clientId, companyUserId, customerId, grantId, ip, sentenceOf } from './fields.ts'
import { type Route, route } from './route.ts'
import { epochSeconds, pageOf, pageQuery, text } from './shapes.ts'

const grant = z
  .object({
    id: grantId,
    clientId,
    customerId: customerId.optional(),
    anonymousId: z.string().optional().describe('The id of an anonymous customer, who has not signed in.'),
    agentId: z.string().optional().describe('The id of the agent who signed in, or acts for the customer.'),
    companyUserId: companyUserId.optional(),
    grantedAt: epochSeconds('When the person signed in'),
    expiresAt: epochSeconds('When the sign-in ends unless it is refreshed'),
    by: z.string().optional().describe('The grant type.'),
    ip: ip.optional(),
    lastUsedAt: epochSeconds('When software of others last used it, where that is known').optional(),
    lastUsedFor: z
      .string()
      .optional()
      .describe('A grant type, or the audience of the resource server that was shown a token.'),
    lastUsedFrom: ip.optional(),
  })
  .meta({ id: 'Grant' })
const query = pageQuery
  .extend({
    customerId: text.min(1).optional().describe(sentenceOf(customerId)),
    clientId: text.min(1).optional().describe(sentenceOf(clientId)),
  })
  .refine(({ customerId, clientId }) => customerId ?? clientId, 'give a customerId, a clientId, or both')

export type GrantRouteDeps = {
  readonly activeGrants: ActiveGrants
  /** After it, the trail has what was issued just before. */
  readonly flushTrail: () => Promise<void>
  /** When software of others last used its access. */
  readonly links: Pick<ClientLinks, 'usesOf' | 'flush'>
}

/** Sign-ins, which tokens hang from. Ending all sign-ins of a person, or those before an instant, is a sign-out. */
export function grantRoutes({ activeGrants, flushTrail, links }: GrantRouteDeps): Route[] {
  return [
    route({
      method: 'GET',
      path: '/v1/grants',
      summary: 'Active sign-ins of a customer or a client, newest first; a short page can have a next page',
      permission: 'grants:read',
      query,
      result: pageOf(grant),
      async handle({ query: { customerId, clientId, ...page } }) {
        await Promise.all([flushTrail(), links.flush()])
        const { items, ...rest } = await activeGrants.list({ customerId, clientId }, page)
        const uses = await links.usesOf(items.map(({ id }) => id))
        return { items: items.map((each) => ({ ...each, ...lastUse(uses.get(each.id)) })), ...rest }
      },
    }),
    route({
      method: 'POST',
      path: '/v1/grants/{id}/revoke',
      summary: 'End one sign-in and revoke its tokens',
      permission: 'grants:revoke',
      params: z.object({ id: grantId }),
      result: grant,
      refusals: [404],
      async handle({ params: { id }, actor }) {
        const revoked = await activeGrants.revoke(id, actor.name)
        if (revoked) return revoked
        throw new Problem(404, 'unknown-grant', `There is no active sign-in with the id "${id}".`)
      },
    }),
  ]
}

function lastUse(use: LastUse | undefined) {
  if (!use) return {}
  const { atMs, usedFor: lastUsedFor, ip: lastUsedFrom } = use
  return { lastUsedAt: Math.floor(atMs / 1000), lastUsedFor, ...(lastUsedFrom !== undefined && { lastUsedFrom }) }
}
