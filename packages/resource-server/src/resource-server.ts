import { createAnswer } from './answers/answer.ts'
import { type PublishedMetadata, publishedMetadata } from './answers/resource-metadata.ts'
import type { Answer } from './answers/style.ts'
import { checkBinding } from './binding/check-binding.ts'
import { type Access, type CheckedClaims, readAccess } from './claims.ts'
import { type Credentials, readCredentials } from './credentials.ts'
import { type FetchRequest, type Incoming, type NodeRequest, readIncoming } from './incoming.ts'
import { isStructured } from './keys/verify-token.ts'
import { type ResourceServerOptions, readOptions, type WhenUnreachable } from './options.ts'
import { createParts } from './parts.ts'
import { AccessRefused, invalidToken, unavailable } from './refused.ts'
import type { FeedState } from './revocations/feed.ts'
import { type Rule, scopesOf } from './rules.ts'
import { isOfPlatform, isUcpRequest } from './ucp.ts'

/** What a route wants. */
export type Needs = {
  readonly rules?: Rule | readonly Rule[]
  /** Asks the server about the token, every time: for what must not happen by mistake. */
  readonly isFresh?: boolean
  /** Instead of the setting of the same name. */
  readonly whenUnreachable?: WhenUnreachable
}

export type Admission =
  | { readonly isAdmitted: true; readonly access: Access; readonly headers: Readonly<Record<string, string>> }
  | { readonly isAdmitted: false; readonly refused: AccessRefused; readonly answer: Answer }

export type ServerState = {
  readonly feed: FeedState | 'off'
  readonly keysFetchedAtMs: number | undefined
}

export type ResourceServer = {
  /** Who calls. @throws AccessRefused when the request must not pass; `answer` says what to answer. */
  verify(request: NodeRequest | FetchRequest, needs?: Needs): Promise<Access>
  /** The same without a throw, with headers for the answer: what adapters use. */
  admit(request: NodeRequest | FetchRequest, needs?: Needs): Promise<Admission>
  /** A refusal in the style of the setting `errors`. */
  answer(refused: AccessRefused): Answer
  /** This service's metadata and where it is served (RFC 9728); undefined without the setting `resource`. */
  readonly metadata: PublishedMetadata | undefined
  /** Fetches keys and feed, so that the first request does not wait. It never fails: events tell what is missing. */
  start(): Promise<ServerState>
  state(): ServerState
  /** Ends the following of the feed. */
  close(): void
}

/**
 * Checks access tokens of one Vestibule server for one service.
 *
 * @throws TypeError that names every option which is wrong.
 */
export function createResourceServer(options: ResourceServerOptions): ResourceServer {
  const settings = readOptions(options)
  const parts = createParts(settings)
  const { emit, keySet, verifyToken, judgeToken, feed, introspection, dpop, mtls } = parts
  const metadata = publishedMetadata(settings)
  const answer = createAnswer(settings.errors ?? 'rfc6750', {
    realm: settings.realm ?? settings.issuer,
    resourceMetadata: metadata?.url,
    dpop: dpop && (dpop.isRequired ? 'required' : 'accepted'),
  })
  let started: Promise<void> | undefined

  async function begin(): Promise<void> {
    emit({
      event: 'started',
      level: 'info',
      message: describe(),
      issuer: settings.issuer,
      audience: settings.audiences,
    })
    await feed?.start()
  }

  function describe(): string {
    const does = settings.whenUnreachable ?? 'open for GET, HEAD and OPTIONS, closed for all else'
    const asks = introspection ? 'introspection is asked; without it' : ''
    const follows = feed
      ? `Follows the revocation feed. While it is blind ${asks} it is ${does}.`
      : 'Follows no revocation feed.'
    return `${follows} Keys are used for ${settings.keys.staleSeconds} seconds at most while the server is away.`
  }

  async function check(incoming: Incoming, needs: Needs): Promise<{ access: Access; headers: Record<string, string> }> {
    started ??= begin()
    await started
    const credentials = readCredentials(incoming, {
      maxTokenBytes: settings.maxTokenBytes,
      takesDpop: dpop !== undefined,
    })
    const { checked, headers } = isStructured(credentials.token)
      ? await checkStructured(incoming, credentials, needs)
      : await checkOpaque(incoming, credentials, needs)
    const access = readAccess(credentials, checked)
    if (!isOfPlatform(incoming, access.claims))
      throw invalidToken('the token is of another platform than UCP-Agent names')
    for (const rule of rulesOf(needs)) await rule(access, settings.clock())
    return { access, headers }
  }

  async function checkStructured(incoming: Incoming, credentials: Credentials, needs: Needs): Promise<Checked> {
    const claims = await verifyToken(credentials.token)
    const headers = await checkBinding({ dpop, mtls }, incoming, { ...credentials, claims })
    const checked = await judgeToken(claims, {
      token: credentials.token,
      method: incoming.method,
      isFresh: needs.isFresh ?? false,
      whenUnreachable: needs.whenUnreachable ?? settings.whenUnreachable,
    })
    return { checked, headers }
  }

  /** An opaque token means nothing here: without the server's word it never passes. */
  async function checkOpaque(
    incoming: Incoming,
    credentials: Credentials,
    { isFresh = false }: Needs,
  ): Promise<Checked> {
    if (!introspection) throw invalidToken('the token is opaque, and introspection is not configured')
    const said = await introspection.ask(credentials.token, { isFresh })
    if (said.outcome === 'inactive') throw invalidToken('introspection says that it is not active')
    if (said.outcome === 'unreachable') throw unavailable('introspection cannot be had')
    const headers = await checkBinding({ dpop, mtls }, incoming, { ...credentials, claims: said.claims })
    return { checked: { claims: said.claims, checkedBy: 'introspection', isKnownUnrevoked: true }, headers }
  }

  async function admit(request: NodeRequest | FetchRequest, needs: Needs = {}): Promise<Admission> {
    if (needs.isFresh && !introspection) throw new TypeError('isFresh needs the setting introspection')
    let isUcp = settings.errors === 'ucp'
    try {
      const incoming = readIncoming(request)
      isUcp ||= isUcpRequest(incoming)
      return { isAdmitted: true, ...(await check(incoming, needs)) }
    } catch (error) {
      if (!(error instanceof AccessRefused)) throw error
      const refused = completed(error, needs, isUcp)
      const { code, details, message } = refused
      emit({ event: 'token.refused', level: 'debug', message, code, reason: details.reason })
      return { isAdmitted: false, refused, answer: answer(refused) }
    }
  }

  /** With all that the operation wants, so that the app need not find out step by step. */
  function completed({ code, details }: AccessRefused, needs: Needs, isUcp: boolean): AccessRefused {
    const scope = scopesOf(rulesOf(needs)) ?? details.scope
    const { continueUrl } = settings
    return new AccessRefused(isUcp && code === 'insufficient_user_authentication' ? 'insufficient_scope' : code, {
      ...details,
      ...(scope !== undefined && { scope }),
      ...(continueUrl !== undefined && { continueUrl }),
    })
  }

  return {
    admit,
    answer,
    metadata,
    async verify(request, needs) {
      const admission = await admit(request, needs)
      if (!admission.isAdmitted) throw admission.refused
      return admission.access
    },
    async start() {
      started ??= begin()
      await started
      return state()
    },
    state,
    close: () => feed?.close(),
  }

  function state(): ServerState {
    return { feed: feed?.state() ?? 'off', keysFetchedAtMs: keySet.fetchedAtMs() }
  }
}

function rulesOf({ rules = [] }: Needs): readonly Rule[] {
  return typeof rules === 'function' ? [rules] : rules
}

type Checked = { readonly checked: CheckedClaims; readonly headers: Record<string, string> }
