import type { Router } from '@koa/router'
import type { Context } from 'koa'
import { z } from 'zod'
import { readableEmail } from '../../credentials/email.ts'
import type { Invitation } from '../../customers/companies/invitation-rows.ts'
import type { Invitations, Invited } from '../../customers/companies/invitations.ts'
import { refuse, refuseMany } from './answers.ts'
import { named } from './people-routes.ts'
import { readJson } from './requests.ts'
import { findOffice, type Office, type StewardDeps } from './steward.ts'

export type InvitationRoutesDeps = StewardDeps & {
  /** Undefined where no mail can be sent. */
  readonly invitations: Pick<Invitations, 'sentBy'> | undefined
}

const INVITATIONS = '/company-users/invitations'

const invitation = z.strictObject({ email: z.string().max(1000), role_id: z.string().max(64) })

/** Invitations to the company that a token acts for. */
export function addInvitationRoutes(router: Router, deps: InvitationRoutesDeps): void {
  const { invitations } = deps

  /** The office of who may invite, where mail can be sent. */
  async function open(ctx: Context): Promise<(Office & { invitations: Pick<Invitations, 'sentBy'> }) | undefined> {
    const office = await findOffice(deps, ctx)
    if (!office) return undefined
    if (!invitations) return void refuse(ctx, 409, 'unavailable', 'this server can send no invitations')
    return { ...office, invitations }
  }

  /** The id of a waiting invitation of this very company; otherwise the request is answered. */
  async function waiting(ctx: Context, { own, invitations: sent }: NonNullable<Awaited<ReturnType<typeof open>>>) {
    const { id = '' } = ctx.params as { id?: string } // the router decodes it
    if ((await sent.sentBy(own)).some((each) => each.id === id)) return id
    return void refuseUnknown(ctx)
  }

  router.get(INVITATIONS, async (ctx) => {
    const office = await open(ctx)
    if (!office) return
    const sent = await office.invitations.sentBy(office.own)
    ctx.body = { company: named(office.own), invitations: sent.map(view) }
  })

  router.post(INVITATIONS, async (ctx) => {
    const office = await open(ctx)
    const asked = office && (await readJson(ctx, invitation))
    if (!office || !asked) return
    const { own, steward, people } = office
    const invited = await people.invite(steward, own, { email: asked.email, roleId: asked.role_id })
    answer(ctx, invited)
  })

  router.post(`${INVITATIONS}/:id/resend`, async (ctx) => {
    const office = await open(ctx)
    const id = office && (await waiting(ctx, office))
    if (!office || id === undefined) return
    const sent = await office.people.sendAgain(office.steward, id)
    if (sent.outcome === 'unknown') return refuseUnknown(ctx)
    answer(ctx, sent.outcome === 'refused' ? sent : { outcome: 'invited' })
  })

  router.delete(`${INVITATIONS}/:id`, async (ctx) => {
    const office = await open(ctx)
    const id = office && (await waiting(ctx, office))
    if (!office || id === undefined) return
    if (!(await office.people.takeBack(office.steward, id))) return refuseUnknown(ctx)
    ctx.status = 204
  })
}

/** The same whether or not the address has an account, or is of the company already. */
function answer(ctx: Context, invited: Invited): void {
  if (invited.outcome === 'invited') {
    ctx.status = 202
    ctx.body = { status: 'invited' }
  } else if (invited.outcome === 'unknown') {
    refuseUnknown(ctx)
  } else if (invited.reason === 'too-many') {
    refuseMany(ctx, DAY_SECONDS, 'too many invitations today')
  } else {
    const [status, error, description] = REFUSALS[invited.reason]
    refuse(ctx, status, error, description)
  }
}

const DAY_SECONDS = 86_400

const REFUSALS = {
  email: [400, 'invalid_request', 'email must be an e-mail address'],
  role: [409, 'role_not_allowed', 'the role is none of the company, or has more permissions than yours'],
  'too-many-waiting': [409, 'too_many_waiting', 'too many invitations wait for an answer: take some back'],
} as const

function view({ id, email, roleName, expiresAt }: Invitation) {
  return { id, email: readableEmail(email), ...(roleName !== undefined && { role: roleName }), expires_at: expiresAt }
}

function refuseUnknown(ctx: Context): void {
  refuse(ctx, 404, 'not_found', 'there is no such invitation that waits')
}
