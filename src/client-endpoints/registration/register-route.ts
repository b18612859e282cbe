import { randomUUID } from 'node:crypto'
import { Router } from '@koa/router'
import type { Context } from 'koa'
import type { Audit } from '../../audit/events.ts'
import type { ClientMetadata } from '../../clients/client.ts'
import type { InitialTokens } from '../../clients/self-registration/initial-tokens.ts'
import type { RegistrationRules } from '../../clients/self-registration/registered-metadata.ts'
import { NoRoom, type Registrations } from '../../clients/self-registration/registrations.ts'
import { networkOf } from '../../credentials/ip-network.ts'
import { factsOf } from '../../http/request-facts.ts'
import { type Routes, routed } from '../../http/routing/other-methods.ts'
import type { Log } from '../../log.ts'
import type { Metrics } from '../../metrics.ts'
import type { Storage } from '../../storage/storage.ts'
import {
  answeringRefusals,
  answerPreflight,
  answerRegistered,
  openToScripts,
  REGISTRATION_PATH,
  readAsked,
  refuse,
  refuseToken,
  tokenOf,
} from './registration-answer.ts'

export type RegisterDeps = {
  readonly issuer: string
  /** Whether software needs no token. */
  readonly isOpen: boolean
  /** Makes a client of what is asked, as every client must be. @throws RegistrationRefused */
  readonly makeClient: (
    clientId: string,
    asked: Readonly<Record<string, unknown>>,
    scopeCeiling: RegistrationRules['scopeCeiling'],
  ) => Promise<ClientMetadata>
  readonly registrations: Pick<Registrations, 'create'>
  readonly initialTokens: Pick<InitialTokens, 'find'>
  readonly storage: Pick<Storage, 'increment'>
  readonly audit: Audit
  readonly metrics: Pick<Metrics, 'registrations'>
  readonly log: Pick<Log, 'warn'>
}

const HOUR_SECONDS = 3600
/** Registrations without a token in an hour, of one network and of all together. */
const MOST_OF_ONE = 30
const MOST_OF_ALL = 1000

type InitialToken = Awaited<ReturnType<InitialTokens['find']>>

/** `POST /register`: software registers itself (RFC 7591 §3). */
export function createRegisterRoute(deps: RegisterDeps): Routes {
  const { metrics, audit, log } = deps
  const router = new Router()

  router.post(REGISTRATION_PATH, async (ctx) => {
    openToScripts(ctx)
    const presented = tokenOf(ctx)
    const token = presented === undefined ? undefined : await deps.initialTokens.find(presented)
    if (!token) {
      const budget = await count(deps, ctx.ip)
      if (budget !== 'left') return limit(ctx, budget === 'just-spent' && 'too many registrations within the hour')
    }
    if (!token && (presented !== undefined || !deps.isOpen)) {
      metrics.registrations.inc({ outcome: 'refused' })
      audit({ type: 'client.registration-refused', reason: 'no token that is valid', ip: ctx.ip })
      return refuseToken(ctx, presented, 'a token of the operator of this server is needed, one that is not used up')
    }
    const outcome = await answeringRefusals(ctx, () => register(ctx, token))
    if (outcome === 'refused') metrics.registrations.inc({ outcome: 'refused' })
  })

  router.options(REGISTRATION_PATH, (ctx) => answerPreflight(ctx, 'POST'))

  async function register(ctx: Context, token: InitialToken): Promise<void> {
    const metadata = await deps.makeClient(randomUUID(), await readAsked(ctx), token?.scopes)
    const accessToken = await deps.registrations.create(metadata, token?.id).catch((error: unknown) => {
      if (error instanceof NoRoom) return undefined
      throw error
    })
    if (accessToken === undefined) return limit(ctx, 'the token is used up, or there are too many clients')
    const { client_id: clientId, redirect_uris = [] } = metadata
    const places = [...new Set(redirect_uris.map(placeOf))].join(', ')
    factsOf(ctx).clientId = clientId
    metrics.registrations.inc({ outcome: 'registered' })
    audit({ type: 'client.registered', clientId, ip: ctx.ip, reason: token ? `${places}; by a token` : places })
    const registeredAt = Math.floor(Date.now() / 1000)
    answerRegistered(ctx, 201, deps.issuer, { metadata, registeredAt, token: accessToken })
  }

  /** Logged once for each budget: who sends more than is allowed fills no log and no trail. */
  function limit(ctx: Context, reason: string | false): void {
    metrics.registrations.inc({ outcome: 'limited' })
    if (reason) log.warn({ event: 'registrations.full', reason })
    ctx.set('Retry-After', String(HOUR_SECONDS))
    refuse(ctx, 429, 'temporarily_unavailable', 'no more software can register itself now: try again later')
  }

  return routed(router)
}

/** Counts an attempt without a token that is valid, whatever comes of it. */
async function count({ storage }: RegisterDeps, ip: string): Promise<'left' | 'just-spent' | 'spent'> {
  const ofOne = await storage.increment(`registration:${networkOf(ip)}`, HOUR_SECONDS)
  if (ofOne > MOST_OF_ONE) return ofOne === MOST_OF_ONE + 1 ? 'just-spent' : 'spent'
  const ofAll = await storage.increment('registrations', HOUR_SECONDS)
  if (ofAll > MOST_OF_ALL) return ofAll === MOST_OF_ALL + 1 ? 'just-spent' : 'spent'
  return 'left'
}

/** Where people are sent, without what may be long. */
function placeOf(uri: string): string {
  const { protocol, host } = new URL(uri)
  return `${protocol}//${host}`.slice(0, 100)
}
