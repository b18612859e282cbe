import { z } from 'zod'
import type { AdminTokens } from '../../../administrators/admin-tokens.ts'
import type { Actor, Administrator } from '../../../administrators/administrator.ts'
import type { AdministratorDirectory } from '../../../administrators/directory.ts'
import { isLower, mayRule, type Role } from '../../../administrators/role.ts'
import type { AdministratorFactors } from '../../../administrators/second-factors.ts'
import type { AdminSessions } from '../../../administrators/sessions.ts'
import type { PasswordPolicy } from '../../../credentials/password-policy.ts'
import type { Passwords } from '../../../credentials/passwords.ts'
import { changedMeanwhile, Problem } from '../../problem.ts'
import { newPassword } from '../fields.ts'
import { noteChange } from '../note-change.ts'
import { type Route, route } from '../route.ts'
import { pageOf, pageQuery } from '../shapes.ts'
import { administrator, administratorChange, listedAdministrator, newAdministrator } from './administrator-shapes.ts'
import { acceptPassword } from './new-password.ts'

export type AdministratorRouteDeps = {
  readonly administrators: AdministratorDirectory
  readonly sessions: Pick<AdminSessions, 'closeAll'>
  readonly adminTokens: Pick<AdminTokens, 'revokeMadeBy'>
  readonly factors: AdministratorFactors
  readonly passwords: Pick<Passwords, 'hash'>
  readonly passwordPolicy: PasswordPolicy
}

const params = z.object({ id: z.string().describe('The id of the administrator.') })

/** The people who operate this server. */
export function administratorRoutes(deps: AdministratorRouteDeps): Route[] {
  const { administrators } = deps
  const { secondFactors, recoveryCodes } = deps.factors
  const act = { permission: 'administrators:write', result: administrator, audit: 'administrator.changed' } as const

  return [
    route({
      method: 'GET',
      path: '/v1/administrators',
      summary: 'Administrators, by e-mail address',
      permission: 'administrators:read',
      query: pageQuery,
      result: pageOf(listedAdministrator),
      async handle({ query }) {
        const [{ items, ...page }, owners] = await Promise.all([administrators.list(query), secondFactors.owners()])
        return { ...page, items: items.map((each) => ({ ...each, hasSecondFactor: owners.has(each.id) })) }
      },
    }),
    route({
      ...act,
      method: 'POST',
      path: '/v1/administrators',
      summary: 'Create an administrator',
      body: newAdministrator,
      status: 201,
      revision: 'shown',
      refusals: [409],
      async handle({ actor, note, body: { password, ...made } }) {
        mustRule(actor, made.role)
        const hashed = await acceptPassword(deps, password, made.email)
        const created = await administrators.create({ ...made, password: hashed })
        if (created) {
          note({ after: created })
          return created
        }
        throw new Problem(409, 'email-taken', `An administrator with the address ${made.email} already exists.`)
      },
    }),
    route({
      method: 'GET',
      path: '/v1/administrators/{id}',
      summary: 'One administrator',
      permission: 'administrators:read',
      params,
      result: administrator,
      revision: 'shown',
      refusals: [404],
      handle: async ({ params: { id } }) => known(await administrators.findById(id), id),
    }),
    route({
      ...act,
      method: 'PATCH',
      path: '/v1/administrators/{id}',
      summary:
        'Change role, name or state of an administrator; blocking, and a lower role, end sessions and tokens for good',
      params,
      body: administratorChange,
      revision: 'expected',
      refusals: [404],
      async handle({ actor, note, params: { id }, body, seen }) {
        if (body.role) mustRule(actor, body.role)
        const changed = await administrators.update(id, seen, body, (before) => mayRule(actor.role, before.role))
        noteChange(note, changed)
        if (changed.outcome === 'not-allowed') throw tooHigh(actor)
        if (changed.outcome === 'changed-meanwhile') throw changedMeanwhile()
        // Also when nothing changed now: the request before this one may have failed half way.
        if (changed.outcome === 'changed' && (body.status === 'blocked' || isDemotion(changed))) {
          await deps.sessions.closeAll(changed.now.id)
          await deps.adminTokens.revokeMadeBy(changed.now.id)
        }
        return known(changed.outcome === 'changed' ? changed.now : undefined, id)
      },
    }),
    route({
      ...act,
      method: 'POST',
      path: '/v1/administrators/{id}/password',
      summary: 'Set the password of another administrator and end their sessions',
      params,
      body: z.strictObject({ password: newPassword }),
      refusals: [404, 409],
      async handle({ actor, params: { id }, body: { password } }) {
        const found = known(await administrators.findById(id), id)
        mustRule(actor, found.role)
        // A session that somebody found open changes no credential of its owner.
        if (actor.id === found.id) throw new Problem(409, 'own-password', OWN_PASSWORD)
        await administrators.setPassword(id, await acceptPassword(deps, password, found.email))
        return known(await administrators.findById(id), id)
      },
    }),
    route({
      ...act,
      method: 'POST',
      path: '/v1/administrators/{id}/second-factor/remove',
      summary:
        'Remove the second factor and the recovery codes of an administrator who lost them, and end their sessions',
      params,
      refusals: [404, 409],
      audit: 'administrator.second-factor-reset',
      async handle({ actor, params: { id } }) {
        const found = known(await administrators.findById(id), id)
        mustRule(actor, found.role)
        if (actor.id === found.id) throw new Problem(409, 'own-second-factor', OWN)
        if (!(await secondFactors.remove(found.id)))
          throw new Problem(409, 'no-second-factor', 'This administrator has no second factor.')
        await recoveryCodes.remove(found.id)
        await deps.sessions.closeAll(found.id)
        return found
      },
    }),
  ]
}

const OWN_PASSWORD = 'You change your own password with the one you have: POST /v1/self/password.'
const OWN = 'You remove your own second factor with one of its codes: POST /v1/self/second-factor/remove.'

function isDemotion({ now, before }: { readonly now: Administrator; readonly before: Administrator }): boolean {
  return isLower(now.role, before.role)
}

function mustRule(actor: Actor, over: Role): void {
  if (!mayRule(actor.role, over)) throw tooHigh(actor)
}

function tooHigh({ role }: Actor): Problem {
  return new Problem(403, 'role-too-high', `The role "${role}" can change only administrators of lower roles.`)
}

function known(found: Administrator | undefined, id: string): Administrator {
  if (found) return found
  throw new Problem(404, 'unknown-administrator', `There is no administrator with the id "${id}".`)
}
