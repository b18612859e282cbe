import { Router } from '@koa/router'
import type { Context } from 'koa'
import type { ClientRegistry } from '../../clients/registry.ts'
import { isAnotherApp, RegistrationRefused } from '../../clients/self-registration/registered-metadata.ts'
import type { Registrations } from '../../clients/self-registration/registrations.ts'
import { revisionOf } from '../../database/revision.ts'
import { type Routes, routed } from '../../http/routing/other-methods.ts'
import type { EndSignIn } from '../../oauth/sign-outs/end-sign-in.ts'
import type { RegisterDeps } from './register-route.ts'
import {
  answeringRefusals,
  answerPreflight,
  answerRegistered,
  openToScripts,
  REGISTRATION_PATH,
  type Registered,
  readAsked,
  refuse,
  refuseToken,
  tokenOf,
} from './registration-answer.ts'

export type ManageDeps = Pick<RegisterDeps, 'issuer' | 'makeClient' | 'audit' | 'storage'> & {
  readonly clients: Pick<ClientRegistry, 'get' | 'replace' | 'remove'>
  readonly registrations: Pick<Registrations, 'find'>
  readonly endSignIn: EndSignIn
}

/** Of the answer, not of the client (RFC 7592 §2.2). */
const NOT_TO_SEND = [
  'registration_access_token',
  'registration_client_uri',
  'client_secret',
  'client_secret_expires_at',
]
/** Of one client in an hour. */
const MOST_CHANGES = 30
const HOUR_SECONDS = 3600
const PATH = `${REGISTRATION_PATH}/:clientId`

/** A client looks after its own registration (RFC 7592), with the token that came with it. */
export function createManageRoutes(deps: ManageDeps): Routes {
  const { clients, audit, endSignIn, storage } = deps
  const router = new Router()

  router.get(PATH, async (ctx) => {
    const own = await ownRegistration(deps, ctx)
    if (own) answerRegistered(ctx, 200, deps.issuer, own)
  })

  router.put(PATH, async (ctx) => {
    const own = await ownRegistration(deps, ctx)
    if (!own) return
    // Each change is a row of the trail and a message to every node.
    const changes = await storage.increment(`registration-changes:${own.metadata.client_id}`, HOUR_SECONDS)
    if (changes > MOST_CHANGES) return refuseMore(ctx)
    await answeringRefusals(ctx, () => replace(ctx, own))
  })

  router.delete(PATH, async (ctx) => {
    const own = await ownRegistration(deps, ctx)
    if (!own) return
    const { client_id: clientId } = own.metadata
    const removed = await clients.remove(clientId, revisionOf({ metadata: own.metadata, isEnabled: true }))
    if (removed.outcome === 'changed-meanwhile') return refuseChanged(ctx)
    await endSignIn({ what: { of: 'client', id: clientId }, why: 'client-removed', by: `client:${clientId}` })
    audit({ ...by(ctx, clientId), reason: 'removed by the client' })
    ctx.status = 204
  })

  router.options(PATH, (ctx) => answerPreflight(ctx, 'GET, PUT, DELETE'))

  async function replace(ctx: Context, own: Registered): Promise<void> {
    const { client_id: clientId } = own.metadata
    const asked = await readAsked(ctx)
    const sent = NOT_TO_SEND.find((member) => asked[member] !== undefined)
    if (sent) throw new RegistrationRefused('invalid_client_metadata', `leave ${sent} out: it is none of its metadata`)
    if (asked.client_id !== clientId)
      throw new RegistrationRefused('invalid_client_metadata', 'client_id must be that of the client itself')
    const next = await deps.makeClient(clientId, asked, own.metadata.resource_scopes)
    const outcome = await clients.replace(revisionOf({ metadata: own.metadata, isEnabled: true }), next)
    if (outcome.outcome !== 'changed') return refuseChanged(ctx)
    const isAnother = isAnotherApp(own.metadata, next)
    if (isAnother)
      await endSignIn({ what: { of: 'client', id: clientId }, why: 'revoked-by-client', by: `client:${clientId}` })
    audit({ ...by(ctx, clientId), reason: isAnother ? 'another name or place; its sign-ins ended' : 'changed' })
    answerRegistered(ctx, 200, deps.issuer, { ...own, metadata: next })
  }

  return routed(router)
}

/** Undefined when the request is answered already. Whether there is such a client is not told. */
async function ownRegistration({ clients, registrations }: ManageDeps, ctx: Context): Promise<Registered | undefined> {
  openToScripts(ctx)
  const { clientId = '' } = ctx.params as { clientId?: string } // the router decodes it
  const token = tokenOf(ctx)
  const registeredAt = token === undefined ? undefined : await registrations.find(clientId, token)
  const client = registeredAt === undefined ? undefined : await clients.get(clientId)
  if (client && token !== undefined && registeredAt !== undefined)
    return { metadata: client.metadata, registeredAt, token }
  refuseToken(ctx, token, 'the registration_access_token of this client is needed')
  return undefined
}

function refuseMore(ctx: Context): void {
  ctx.set('Retry-After', String(HOUR_SECONDS))
  refuse(ctx, 429, 'temporarily_unavailable', 'the registration was changed too often: try again later')
}

function refuseChanged(ctx: Context): void {
  refuse(ctx, 409, 'invalid_request', 'the registration was changed meanwhile: read it again')
}

function by(ctx: Context, clientId: string) {
  return { type: 'client.registration-changed', actor: `client:${clientId}`, clientId, ip: ctx.ip } as const
}
