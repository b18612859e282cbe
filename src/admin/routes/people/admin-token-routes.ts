import { z } from 'zod'
import type { AdminTokens } from '../../../administrators/admin-tokens.ts'
import { mayRule } from '../../../administrators/role.ts'
import { Problem } from '../../problem.ts'
import { type Route, route } from '../route.ts'
import { pageOf, pageQuery } from '../shapes.ts'
import { adminToken, newAdminToken } from './administrator-shapes.ts'

const DAY_SECONDS = 86_400
const USUAL_SECONDS = 90 * DAY_SECONDS
const LONGEST_SECONDS = 366 * DAY_SECONDS

/** Tokens for programs that use the admin API: of one role, for a while. */
export function adminTokenRoutes({ adminTokens }: { readonly adminTokens: AdminTokens }): Route[] {
  return [
    route({
      method: 'GET',
      path: '/v1/admin-tokens',
      summary: 'Admin tokens by name; the tokens themselves are never shown',
      permission: 'administrators:read',
      query: pageQuery,
      result: pageOf(adminToken),
      handle: async ({ query }) => await adminTokens.list(query),
    }),
    route({
      method: 'POST',
      path: '/v1/admin-tokens',
      summary: 'Create an admin token; only this answer contains it',
      permission: 'admin-tokens:write',
      body: newAdminToken,
      status: 201,
      result: adminToken.extend({
        token: z.string().describe('The token, for the header Authorization: Bearer. Only this answer contains it.'),
      }),
      refusals: [409],
      audit: 'admin-token.changed',
      async handle({ actor, note, body }) {
        const now = Date.now() / 1000
        const { name, role, expiresAt = now + USUAL_SECONDS } = body
        if (!mayRule(actor.role, role)) throw tooHigh(actor.role)
        if (expiresAt <= now || expiresAt > now + LONGEST_SECONDS) throw wrongExpiry()
        const made = await adminTokens.create({ name, role, expiresAt, createdBy: actor.name })
        note({ after: { adminToken: name, role, expiresAt } })
        if (made) return { ...made.adminToken, token: made.token }
        throw new Problem(409, 'name-taken', `An admin token named "${name}" exists or existed. Choose another name.`)
      },
    }),
    route({
      method: 'POST',
      path: '/v1/admin-tokens/{name}/revoke',
      summary: 'Revoke an admin token',
      permission: 'admin-tokens:write',
      params: z.object({ name: adminToken.shape.name }),
      result: adminToken,
      refusals: [404],
      audit: 'admin-token.changed',
      async handle({ actor, note, params: { name } }) {
        const found = await adminTokens.findByName(name)
        if (!found) throw new Problem(404, 'unknown-admin-token', `There is no admin token named "${name}".`)
        // Each caller may end the token that it uses.
        if (found.id !== actor.id && !mayRule(actor.role, found.role)) throw tooHigh(actor.role)
        note({ after: { role: found.role } })
        await adminTokens.revoke(found.id)
        return (await adminTokens.findByName(name)) ?? found
      },
    }),
  ]
}

function tooHigh(role: string): Problem {
  return new Problem(403, 'role-too-high', `The role "${role}" can create and revoke only tokens of lower roles.`)
}

function wrongExpiry(): Problem {
  return new Problem(400, 'invalid-body', 'expiresAt: must be in the future, at most a year from now')
}
