import { type Client, Provider, type TokenEndpointGrantContext } from 'oidc-provider'
import type { ClientSessions } from '../../client-sessions/client-sessions.ts'
import type { ClientMetadata } from '../../clients/client.ts'
import { anonymousIdOf } from '../accounts/anonymous-account.ts'
import { grantFacts, signedInAtMs } from '../accounts/grant-facts.ts'
import { LIFETIMES } from '../tokens/lifetimes.ts'

/** A session that goes on is noted again after this, for clients that have an address since. */
const NOTED_EVERY_MS = 86_400_000

type Note = Pick<ClientSessions, 'note'>['note']

/**
 * Notes at which clients a browser session is signed in, as far as they want to be told of its end: before the client gets its
 * code, so that no sign-out comes too early.
 */
export function noteBrowserSignIns({ Session, Client: Model }: Provider, note: Note): void {
  const prototype = Session.prototype as unknown as StoredSession // its published type leaves members out
  const { save } = prototype
  prototype.save = async function saveNoted(ttlSeconds) {
    const { accountId, uid, authorizations = {} } = this
    const isPerson = accountId !== undefined && anonymousIdOf(accountId) === undefined
    for (const [clientId, authorization] of isPerson ? Object.entries(authorizations) : []) {
      if (!isDue(authorization)) continue
      const client = await Model.find(clientId).catch(() => undefined)
      if (client?.backchannelLogoutUri !== undefined)
        await note({
          accountId: String(accountId),
          clientId,
          sid: authorization.sid,
          sessionUid: uid,
          grantId: authorization.grantId,
          companyUserId: companyUserOf(authorization.grantId),
          sinceMs: signedInAtMs(this as never) ?? Date.now(), // the library's session, which it is
          ttlSeconds: keptSeconds(client),
        })
      Object.assign(authorization, { notedAtMs: Date.now(), notedGrantId: authorization.grantId })
    }
    return save.call(this, ttlSeconds)
  }
}

/**
 * Notes a sign-in without a browser, after the grant type has given tokens: the client knows the person, and no session. A
 * refresh is noted only where it chose another company.
 */
export async function noteDirectSignIn({ oidc }: Pick<TokenEndpointGrantContext, 'oidc'>, note: Note): Promise<void> {
  const { client, params, entities } = oidc
  const { Account, Grant, RefreshToken } = entities
  if (!client?.backchannelLogoutUri || !Account || !Grant || anonymousIdOf(Account.accountId) !== undefined) return
  const isRefresh = params?.grant_type === 'refresh_token'
  if (isRefresh && params.company_user_id === undefined) return
  await note({
    accountId: Account.accountId,
    clientId: client.clientId,
    ...(isRefresh && RefreshToken?.sid !== undefined && { sid: RefreshToken.sid }),
    grantId: Grant.jti,
    companyUserId: grantFacts(Grant)?.companyUserId,
    sinceMs: grantFacts(Grant)?.createdAtMs ?? Date.now(),
    ttlSeconds: keptSeconds(client),
  })
}

function isDue(authorization: Authorization): authorization is Authorization & { readonly sid: string } {
  const { sid, grantId, notedAtMs = 0, notedGrantId } = authorization
  return sid !== undefined && (notedGrantId !== grantId || Date.now() - notedAtMs > NOTED_EVERY_MS)
}

/** Of the grant that the request under way is about. */
function companyUserOf(grantId: string | undefined): string | undefined {
  const grant = Provider.ctx?.oidc?.entities.Grant
  return grant?.jti === grantId ? grantFacts(grant)?.companyUserId : undefined
}

/** Longer than the session here and an unused refresh token: a client that refreshes learns of the end by that. */
function keptSeconds(client: Client): number {
  const { refresh_token_ttl_seconds: own } = client as unknown as ClientMetadata // its members are ours, too
  return Math.max(LIFETIMES.session, own ?? LIFETIMES.refreshToken) + LIFETIMES.grantMargin
}

/** Members of a session that its published type leaves out, and ours. */
type StoredSession = {
  readonly accountId?: string
  readonly uid: string
  readonly authorizations?: Record<string, Authorization>
  save(ttlSeconds: number): Promise<string>
}

/** What a session has of a client; the last two are ours. */
type Authorization = {
  readonly sid?: string
  readonly grantId?: string
  readonly notedAtMs?: number
  readonly notedGrantId?: string
}
