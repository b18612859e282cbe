import { Router } from '@koa/router'
import type { Context } from 'koa'
import type { Audit } from '../../audit/events.ts'
import { requestState } from '../../http/request-state.ts'
import { type Routes, routed } from '../../http/routing/other-methods.ts'
import { agentAccountId } from '../../oauth/accounts/agent-account.ts'
import { LOOKUP_SCOPE, REVOCATION_PATH, REVOCATION_SCOPE } from '../../oauth/clients/own-resource.ts'
import type { EndSignIn } from '../../oauth/sign-outs/end-sign-in.ts'
import { type PersonIdentifier, readPersonIdentifier } from '../../shared-signals/subject-identifier.ts'
import { hashId } from '../../storage/hash-id.ts'
import type { Storage } from '../../storage/storage.ts'
import { type Authorize, bearerOf, refuse } from '../bearer.ts'
import { readObject } from '../json-body.ts'
import { createAsLong } from './as-long.ts'
import type { FindPeople, Person } from './find-people.ts'
import { isProviderProof, type ProveProvider } from './provider-proof.ts'

export type RevocationRoutesDeps = {
  readonly authorize: Authorize
  readonly proveProvider: ProveProvider
  readonly findPeople: FindPeople
  /** Whether a customer came here by this provider: no other's sign-ins are the provider's to end. */
  readonly isLinked: (customerId: string, upstreamId: string, issuer: string) => Promise<boolean>
  readonly endSignIn: EndSignIn
  readonly storage: Pick<Storage, 'increment'>
  readonly audit: Audit
}

/** Who asks, as the audit trail names them, and what they may. */
type Caller = {
  readonly actor: string
  readonly clientId?: string
  readonly mayLookUp: boolean
  readonly mayEnd: (person: Person) => Promise<boolean>
}

/** What one caller may ask in a minute. */
const PER_MINUTE = 600
const MINUTE_SECONDS = 60

/**
 * Global Token Revocation (draft-parecki-oauth-global-token-revocation): ends every token and every session of a person. The
 * answer does not tell whether there is such a person, unless the caller may look people up.
 */
export function createRevocationRoutes(deps: RevocationRoutesDeps): Routes {
  const router = new Router()
  const asLong = createAsLong()
  router.post(REVOCATION_PATH, async (ctx) => {
    ctx.set('Cache-Control', 'no-store')
    const caller = await callerOf(deps, ctx)
    if (!caller || !(await isWithinLimit(deps, ctx, caller))) return
    const identifier = await readSubject(ctx)
    if (!identifier) return
    const people = await allowed(await deps.findPeople(identifier), caller)
    // Who may not look people up could tell by this refusal whether the second one is here. They may end each of them anyway.
    if (caller.mayLookUp && people.filter(({ of }) => of === 'customer').length > 1)
      return refuse(ctx, 422, 'invalid_request', 'the identifiers name different people')
    note(deps, ctx, caller, { identifier, people })
    await asLong(people.length, async () => {
      for (const { of, id } of people)
        await deps.endSignIn({ what: { of, id }, why: 'global-token-revocation', by: caller.actor })
    })
    if (people.length === 0 && caller.mayLookUp) return refuse(ctx, 404, 'not_found', 'there is no such subject')
    ctx.status = 204
  })
  return routed(router)
}

async function callerOf(deps: RevocationRoutesDeps, ctx: Context): Promise<Caller | undefined> {
  const bearer = bearerOf(ctx)
  if (bearer !== undefined && isProviderProof(bearer)) {
    const provider = await deps.proveProvider(bearer)
    if (provider) {
      const { upstreamId, issuer } = provider
      return {
        actor: `upstream:${upstreamId}`,
        mayLookUp: false,
        mayEnd: async ({ of, id }) => of === 'customer' && (await deps.isLinked(id, upstreamId, issuer)),
      }
    }
    ctx.set('WWW-Authenticate', 'Bearer error="invalid_token"')
    refuse(ctx, 401, 'invalid_token', 'the JWT is not one of a sign-in provider for this endpoint, or was used before')
    return undefined
  }
  const client = await deps.authorize(ctx, [REVOCATION_SCOPE])
  return (
    client && {
      actor: `client:${client.clientId}`,
      clientId: client.clientId,
      mayLookUp: client.scopes.includes(LOOKUP_SCOPE),
      mayEnd: async () => true,
    }
  )
}

async function isWithinLimit({ storage }: RevocationRoutesDeps, ctx: Context, { actor }: Caller): Promise<boolean> {
  const count = await storage.increment(`global-token-revocation:${hashId(actor)}`, MINUTE_SECONDS)
  if (count <= PER_MINUTE) return true
  ctx.set('Retry-After', String(MINUTE_SECONDS))
  refuse(ctx, 429, 'temporarily_unavailable', `more than ${PER_MINUTE} requests in a minute`)
  return false
}

/** `sub_id`, which earlier drafts and Auth0 call `subject`. */
async function readSubject(ctx: Context): Promise<PersonIdentifier | undefined> {
  const body = await readObject(ctx)
  if (!body) return undefined
  const given = ['sub_id', 'subject'].filter((name) => body[name] !== undefined)
  if (given.length === 2) {
    refuse(ctx, 400, 'invalid_request', 'give sub_id or subject, not both')
    return undefined
  }
  const identifier = readPersonIdentifier(body[String(given[0])])
  if (!identifier) {
    const formats = 'email, opaque, iss_sub, phone_number, account, did, uri or aliases'
    refuse(ctx, 400, 'invalid_request', `sub_id must be a subject identifier (RFC 9493) of the format ${formats}`)
  }
  return identifier
}

async function allowed(people: readonly Person[], { mayEnd }: Caller): Promise<readonly Person[]> {
  const verdicts = await Promise.all(people.map(mayEnd))
  return people.filter((_, index) => verdicts[index])
}

type Asked = { readonly identifier: PersonIdentifier; readonly people: readonly Person[] }

/** One entry for each person, and one where there is none. */
function note({ audit }: RevocationRoutesDeps, ctx: Context, caller: Caller, { identifier, people }: Asked): void {
  const { actor, clientId } = caller
  const facts = { actor, ...(clientId && { clientId }), ip: ctx.ip, requestId: requestState(ctx).requestId }
  const type = 'global-token-revocation.asked'
  const by = `by ${identifier.format}`
  if (people.length === 0) audit({ type, ...facts, reason: `${by}: there is no such person` })
  for (const { of, id } of people)
    audit({ type, ...facts, customerId: of === 'agent' ? agentAccountId(id) : id, reason: by })
}
