import { z } from 'zod'
import { isAddressSegment, NO_ADDRESS_SEGMENT } from '../../address-segment.ts'
import type { InitialTokens } from '../../clients/self-registration/initial-tokens.ts'
import { isStorable } from '../../database/storable.ts'
import { Problem } from '../problem.ts'
import { type Route, route } from './route.ts'
import { epochSeconds, instant, pageOf, pageQuery } from './shapes.ts'

const DAY_SECONDS = 86_400
const USUAL_SECONDS = 30 * DAY_SECONDS
const LONGEST_SECONDS = 366 * DAY_SECONDS
const MOST_USES = 1000

const name = z.string().min(1).max(64).refine(isAddressSegment, NO_ADDRESS_SEGMENT).refine(isStorable)
const scopes = z
  .array(z.string().regex(/^[\x21\x23-\x5b\x5d-\x7e]{1,255}$/, 'must be a scope (RFC 6749 §3.3)'))
  .max(100)

const initialToken = z
  .object({
    name: z.string().describe('Its name, which is never used twice.'),
    scopes: scopes
      .readonly()
      .optional()
      .describe('What its clients may ask of resource servers. Unless given: DYNAMIC_REGISTRATION_SCOPES.'),
    maxUses: z.int().describe('How many clients may register with it.'),
    uses: z.int().describe('How many did.'),
    createdBy: z.string().describe('Who made it, as the audit trail names them.'),
    createdAt: epochSeconds('When it was made'),
    expiresAt: epochSeconds('When it ends'),
    revokedAt: epochSeconds('When it was revoked').optional(),
  })
  .meta({ id: 'InitialToken' })

export type ShownInitialToken = z.output<typeof initialToken>

const newInitialToken = z.strictObject({
  name: name.describe('Its name.'),
  scopes: scopes
    .optional()
    .describe('Scopes of resource servers that its clients may ask for; "*" at the end matches the rest.'),
  maxUses: z.int().min(1).max(MOST_USES).optional().describe('How many clients may register with it. Unless given: 1.'),
  expiresAt: instant.optional().describe('When it ends. Unless given: in 30 days.'),
})

/** Tokens with which software registers itself (RFC 7591 §3). */
export function initialTokenRoutes({ initialTokens }: { readonly initialTokens: InitialTokens }): Route[] {
  return [
    route({
      method: 'GET',
      path: '/v1/initial-tokens',
      summary: 'Tokens with which software registers itself, by name; the tokens themselves are never shown',
      permission: 'clients:read',
      query: pageQuery,
      result: pageOf(initialToken),
      handle: async ({ query }) => await initialTokens.list(query),
    }),
    route({
      method: 'POST',
      path: '/v1/initial-tokens',
      summary: 'Create a token with which software registers itself; only this answer contains it',
      permission: 'clients:write',
      body: newInitialToken,
      status: 201,
      result: initialToken.extend({
        token: z
          .string()
          .describe('The token, for the header Authorization: Bearer of POST /register. Only this answer contains it.'),
      }),
      refusals: [409],
      audit: 'initial-token.changed',
      async handle({ actor, note, body }) {
        const now = Date.now() / 1000
        const { name, scopes, maxUses = 1, expiresAt = now + USUAL_SECONDS } = body
        if (expiresAt <= now || expiresAt > now + LONGEST_SECONDS)
          throw new Problem(400, 'invalid-body', 'expiresAt: must be in the future, at most a year from now')
        const made = await initialTokens.create({
          name,
          maxUses,
          expiresAt,
          createdBy: actor.name,
          ...(scopes && { scopes }),
        })
        note({ after: { initialToken: name, maxUses, expiresAt, ...(scopes && { scopes }) } })
        if (made) return { ...made.initialToken, token: made.token }
        throw new Problem(409, 'name-taken', `A token named "${name}" exists or existed. Choose another name.`)
      },
    }),
    route({
      method: 'POST',
      path: '/v1/initial-tokens/{name}/revoke',
      summary: 'Revoke a token with which software registers itself; clients that registered with it stay',
      permission: 'clients:write',
      params: z.object({ name: z.string().describe('Its name.') }),
      result: initialToken,
      refusals: [404],
      audit: 'initial-token.changed',
      async handle({ note, params: { name } }) {
        const found = await initialTokens.findByName(name)
        if (!found) throw new Problem(404, 'unknown-initial-token', `There is no token named "${name}".`)
        note({ after: { initialToken: name, isRevoked: true } })
        await initialTokens.revoke(name)
        return (await initialTokens.findByName(name)) ?? found
      },
    }),
  ]
}
