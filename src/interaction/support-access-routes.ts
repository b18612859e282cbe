import { Router } from '@koa/router'
import type { Context } from 'koa'
import { BodyError, readText } from '../http/read-body.ts'
import { type Routes, routed } from '../http/routing/other-methods.ts'
import type { Caller, FindCaller, IsFor } from '../oauth/tokens/callers.ts'
import { type SupportAccess, stateOf } from '../support-access/support-access.ts'
import type { SupportAccesses } from '../support-access/support-accesses.ts'

export type SupportAccessRoutesDeps = {
  readonly accesses: Pick<SupportAccesses, 'list' | 'find' | 'end' | 'rules'>
  readonly findCaller: FindCaller
  /** Whether a token was made for this server's own endpoints. */
  readonly isFor: IsFor
  /** Which of these grants are active. */
  readonly activeAmong: (ids: readonly string[]) => Promise<ReadonlySet<string>>
  /** Keeps whether the customer allows support access; false where customers are not ours. */
  readonly setAllowed: (customerId: string, isAllowed: boolean) => Promise<boolean>
}

const PATH = '/support-access'
const LIMIT = 100
const LIMIT_BYTES = 1024

/**
 * What customers see and do about agents who act for them, by a token of their own: the list, newest first, ending one,
 * and allowing it at all. An agent who acts for the customer may do none of it.
 */
export function createSupportAccessRoutes(deps: SupportAccessRoutesDeps): Routes {
  const { accesses } = deps
  const router = new Router()

  router.get(PATH, async (ctx) => {
    const customer = await requireCustomer(deps, ctx)
    if (!customer) return
    const { items } = await accesses.list({ customerId: customer.id, hasBegun: true }, { limit: LIMIT })
    const isAllowed = customer.allowsSupport === true
    const { isPermissionNeeded } = accesses.rules
    ctx.body = {
      is_allowed: isAllowed,
      is_permission_needed: isPermissionNeeded,
      support_accesses: await shown(deps, items, { mayBeOpen: isAllowed || !isPermissionNeeded }),
    }
  })

  router.delete(`${PATH}/:id`, async (ctx) => {
    const customer = await requireCustomer(deps, ctx)
    if (!customer) return
    const { id = '' } = ctx.params as { id?: string } // the router decodes it
    const access = await accesses.find(id)
    // Another customer's is no other answer than none.
    if (access?.customerId !== customer.id) return refuse(ctx, 404, 'not_found', 'there is no such support access')
    await accesses.end(id, { by: customer.id, cause: 'customer' })
    ctx.status = 204
  })

  router.put(`${PATH}/permission`, async (ctx) => {
    const customer = await requireCustomer(deps, ctx)
    if (!customer) return
    const isAllowed = await readAllowed(ctx)
    if (isAllowed === undefined) return
    if (!(await deps.setAllowed(customer.id, isAllowed))) {
      return refuse(ctx, 409, 'unavailable', 'the shop keeps this: change it there')
    }
    ctx.body = { is_allowed: isAllowed }
  })

  return routed(router)
}

async function shown(
  { activeAmong }: SupportAccessRoutesDeps,
  items: readonly SupportAccess[],
  { mayBeOpen }: { readonly mayBeOpen: boolean },
): Promise<object[]> {
  const now = Math.floor(Date.now() / 1000)
  const open = items.filter((each) => stateOf(each, now) === 'open')
  const alive = await activeAmong(open.flatMap(({ grantId }) => grantId ?? []))
  return items.map(({ id, clientId, reason, scopes, begunAt, endsAt, endedAt, grantId = '' }) => ({
    id,
    client_id: clientId,
    ...(reason !== undefined && { reason }),
    scope: scopes.join(' '),
    begun_at: begunAt,
    ends_at: endsAt,
    ...(endedAt !== undefined && { ended_at: endedAt }),
    is_open: mayBeOpen && alive.has(grantId) && open.some((each) => each.id === id),
  }))
}

/** The customer whose own token it is; otherwise the request is answered (RFC 6750 §3.1). */
async function requireCustomer(
  { findCaller, isFor }: SupportAccessRoutesDeps,
  ctx: Context,
): Promise<Caller['customer']> {
  ctx.set('Cache-Control', 'no-store')
  const [, bearer] = /^Bearer +([\w.~+/-]+=*)$/i.exec(ctx.get('Authorization')) ?? []
  if (bearer === undefined) {
    ctx.set('WWW-Authenticate', 'Bearer')
    refuse(ctx, 401, 'invalid_token', 'an access token of the customer is needed')
    return undefined
  }
  const caller = await findCaller(bearer, isFor)
  if (!caller) {
    ctx.set('WWW-Authenticate', 'Bearer error="invalid_token"')
    refuse(ctx, 401, 'invalid_token', 'the access token does not work')
    return undefined
  }
  if (caller.kind !== 'customer' || caller.isActedFor) {
    ctx.set('WWW-Authenticate', 'Bearer error="insufficient_scope"')
    refuse(ctx, 403, 'insufficient_scope', 'only customers themselves may do this')
    return undefined
  }
  return caller.customer
}

async function readAllowed(ctx: Context): Promise<boolean | undefined> {
  try {
    if (!ctx.is('application/json')) throw new BodyError(415, 'the request body must be application/json')
    const body: unknown = JSON.parse(await readText(ctx, { limitBytes: LIMIT_BYTES }))
    const given = Object.entries(Object(body))
    const [[name, value] = []] = given
    if (given.length === 1 && name === 'is_allowed' && typeof value === 'boolean') return value
    throw new BodyError(400, 'the request body must be {"is_allowed": true} or {"is_allowed": false}')
  } catch (error) {
    if (error instanceof BodyError) refuse(ctx, error.status, 'invalid_request', error.message)
    else if (error instanceof SyntaxError) refuse(ctx, 400, 'invalid_request', 'the request body is no JSON')
    else throw error
    return undefined
  }
}

function refuse(ctx: Context, status: number, error: string, description: string): void {
  ctx.status = status
  ctx.body = { error, error_description: description }
}
