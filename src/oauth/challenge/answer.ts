import { errors, type TokenEndpointGrantContext } from 'oidc-provider'
import { checkDpopReplay, validateDpop } from 'oidc-provider/lib/helpers/grants.js'
import type { ClientMetadata } from '../../clients/client.ts'
import { needsPkce } from '../../clients/security-profile.ts'
import type { Proofs } from '../../customers/proof.ts'
import { requestState } from '../../http/request-state.ts'
import { toAccount } from '../accounts/account.ts'
import { noteDirectSignIn } from '../back-channel/note-client-sessions.ts'
import { temporarilyUnavailable } from '../grants/unavailable.ts'
import type { SignOutCutOffs } from '../sign-out-cut-offs.ts'
import { refreshTokenTtlSeconds } from '../tokens/lifetimes.ts'
import { type AuthSession, type AuthSessions, OPEN_SECONDS } from './auth-sessions.ts'
import type { Flow, Reached } from './flow.ts'
import { leadToBrowser } from './lead-to-browser.ts'
import { prepareCode } from './mint-code.ts'
import { beginRound, checkResponseType, givenIn, textsOf, withChallenge } from './request.ts'
import type { SaySteps } from './say-steps.ts'
import type { KeptPerson, Round, SessionRecord, SessionState } from './session-record.ts'
import type { LivePerson, SignIn } from './sign-in.ts'

export type AnswerDeps = {
  readonly sessions: AuthSessions
  readonly flow: Flow
  readonly saySteps: SaySteps
  readonly proofs: Pick<Proofs, 'measure'>
  readonly cutOffs: Pick<SignOutCutOffs, 'isBefore'>
  /** A person is signed in at a client that wants to be told of the end. */
  readonly noteClientSession: Parameters<typeof noteDirectSignIn>[1]
  readonly findClient: (clientId: string) => Promise<ClientMetadata | undefined>
}

/** A sign-in that is gone: the app begins another one. One error for every reason. */
export function invalidSession(): Error {
  return new errors.CustomOIDCProviderError(
    'invalid_session',
    'auth_session is unknown, used or over: begin anew without it',
  )
}

/** Whether an operator lets this client show sign-in screens of its own. */
export function showsOwnScreens({ first_party, authorization_challenge }: ClientMetadata): boolean {
  return first_party === true && authorization_challenge === true
}

/**
 * Answers a request of an app that shows sign-in screens of its own (OAuth 2.0 for First-Party Applications): with a code, with the
 * steps that are missing, or with the way to the browser.
 */
export function createAnswer(deps: AnswerDeps) {
  const { sessions, flow, saySteps, proofs, cutOffs, findClient } = deps

  return async function answer(
    ctx: TokenEndpointGrantContext,
    opened: Required<AuthSession> | undefined,
  ): Promise<void> {
    const metadata = await authorized(ctx)
    const record = opened?.kept.record
    if (record && record.clientId !== metadata.client_id) throw invalidSession()
    const jkt = await provenKey(ctx, metadata, record)
    checkResponseType(ctx, record !== undefined)
    const texts = textsOf(ctx)
    const isNewRound = !record || record.isFinished || texts.response_type !== undefined || isStale(record)
    const round = isNewRound
      ? await beginRound(ctx, { before: record?.round, client: metadata })
      : await withChallenge(ctx, record.round)
    const signIn = await resume({
      session: opened ?? sessions.begin(),
      round,
      clientId: metadata.client_id,
      jkt,
      record,
    })
    const given = givenIn(texts)
    if (signIn.person?.companyUserId === undefined && round.companyUserId !== undefined)
      given.company_user_id ??= round.companyUserId
    // Consent, and a new account, are for our pages.
    const isForBrowser = texts.authorization_details !== undefined || texts.register !== undefined
    const reached: Reached = isForBrowser
      ? { outcome: 'browser', signIn }
      : await flow(signIn, given, askerOf(ctx, round))
    await say(ctx, reached, metadata)
  }

  async function authorized({ oidc }: TokenEndpointGrantContext): Promise<ClientMetadata> {
    const { client } = oidc
    const metadata = await findClient(client.clientId)
    if (metadata && showsOwnScreens(metadata) && client.grantTypeAllowed('authorization_code')) return metadata
    const description = 'this client may not show sign-in screens of its own: send people to the authorization endpoint'
    throw Object.assign(new errors.UnauthorizedClient(), { error_description: description })
  }

  /** What was proved before, while it holds; the sign-in ends with it. */
  async function resume({ record, ...begun }: Begun): Promise<SignIn> {
    const { round } = begun
    if (!record) return { ...begun, failures: 0 }
    const { username, customerId, failures } = record
    const signIn = { ...begun, username, customerId, failures: record.isFinished ? 0 : failures }
    if (!record.person) return signIn
    const found = await proofs.measure(record.person.proof)
    // The instant of the proof stays: what ended sign-ins since then ends this one.
    const { madeAtMs } = record.person.proof as { madeAtMs: number } // it was measured
    if (!found || (await isEnded(record, record.person, madeAtMs))) {
      await sessions.end(begun.session)
      throw invalidSession()
    }
    const proof = { ...found.proof, madeAtMs }
    const { companyUserId, ...kept } = record.person
    const keepsCompany = companyUserId !== undefined && (round.companyUserId ?? companyUserId) === companyUserId
    const person = { ...kept, ...(keepsCompany && { companyUserId }), customer: found.customer, proof }
    const isFresh = person.provedAtMs >= (round.freshAfterMs ?? 0)
    return isFresh ? { ...signIn, person } : { ...signIn, username: found.customer.email }
  }

  async function isEnded(
    { clientId, customerId, grantId }: SessionRecord,
    { companyUserId }: KeptPerson,
    madeAtMs: number,
  ): Promise<boolean> {
    const company = companyUserId !== undefined && { companyUserId }
    const [isCutOff, hasGrant] = await Promise.all([
      cutOffs.isBefore({ accountId: String(customerId), clientId, ...company }, madeAtMs),
      grantId === undefined || sessions.hasGrant(grantId),
    ])
    return isCutOff || !hasGrant
  }

  async function say(ctx: TokenEndpointGrantContext, reached: Reached, metadata: ClientMetadata): Promise<void> {
    const { signIn } = reached
    switch (reached.outcome) {
      case 'complete':
        return complete(ctx, signIn, reached.person, metadata)
      case 'steps': {
        const authSession = await sessions.save(signIn.session, stateOf(signIn))
        if (authSession === undefined) throw invalidSession()
        const { problem } = reached
        if (problem?.retry_after !== undefined) ctx.set('Retry-After', String(problem.retry_after))
        const next = await saySteps(reached.steps, signIn)
        const error_description = problem ? 'the step was not taken, see problem' : 'more steps are needed, see next'
        return refuse(ctx, 'insufficient_authorization', {
          error_description,
          auth_session: authSession,
          next,
          ...(problem && { problem }),
        })
      }
      case 'browser': {
        if (!(await sessions.end(signIn.session))) throw invalidSession()
        const pushed = await leadToBrowser(ctx, signIn)
        return refuse(ctx, 'redirect_to_web', { error_description: 'the sign-in goes on in the browser', ...pushed })
      }
      case 'busy': {
        const why = reached.isServiceAway && 'the customer service does not answer, try again shortly'
        throw temporarilyUnavailable(ctx, reached.retryAfterSeconds, why)
      }
      case 'unmet':
        throw new errors.UnmetAuthenticationRequirements('the person cannot sign in as strongly as the request demands')
      case 'ended':
        await sessions.end(signIn.session)
        throw invalidSession()
    }
  }

  async function complete(
    ctx: TokenEndpointGrantContext,
    signIn: SignIn,
    person: LivePerson,
    metadata: ClientMetadata,
  ): Promise<void> {
    const { session, round, jkt } = signIn
    const account = toAccount(person.customer, person.companyUserId)
    if (!account) throw invalidSession()
    if (needsPkce(metadata) && round.codeChallenge === undefined && jkt === undefined)
      throw new errors.InvalidRequest('code_challenge is missing: this client needs it, or a DPoP proof')
    const prepared = await prepareCode(ctx, { account, person, round, jkt })
    // What nobody's key guards is kept no longer than the sign-in takes.
    const authSession =
      jkt === undefined
        ? undefined
        : await sessions.save(
            session,
            stateOf(signIn, { isFinished: true, grantId: prepared.grantId }),
            refreshTokenTtlSeconds(metadata, 0),
          )
    const isOurs = jkt === undefined ? await sessions.end(session) : authSession !== undefined
    if (!isOurs) throw invalidSession()
    const code = await prepared.issue(authSession)
    await noteDirectSignIn(ctx, deps.noteClientSession)
    ctx.status = 200
    ctx.body = { authorization_code: code, ...(authSession !== undefined && { auth_session: authSession }) }
  }
}

type Begun = Pick<SignIn, 'session' | 'round' | 'clientId' | 'jkt'> & { readonly record: SessionRecord | undefined }

/** A round of a sign-in that was complete before is left when it takes too long; the sign-in goes on. */
function isStale({ grantId, round }: SessionRecord): boolean {
  return grantId !== undefined && Date.now() - round.startedAtMs > OPEN_SECONDS * 1000
}

/** The key that the request proves; every request of a sign-in proves the same one. */
async function provenKey(
  ctx: TokenEndpointGrantContext,
  { client_id: clientId, dpop_bound_access_tokens: isBound }: ClientMetadata,
  record: SessionRecord | undefined,
): Promise<string | undefined> {
  const { provider } = ctx.oidc
  const dPoP = await validateDpop(provider, ctx)
  await checkDpopReplay(provider, ctx, dPoP, clientId, errors.InvalidDpopProof)
  const isDemanded = isBound === true || ctx.get('Origin') !== ''
  if (!dPoP && isDemanded) throw new errors.InvalidDpopProof('a DPoP proof is missing')
  if (!record) return dPoP?.thumbprint
  if (record.jkt !== undefined && record.jkt !== dPoP?.thumbprint)
    throw new errors.InvalidDpopProof('the DPoP proof is not by the key that the sign-in began with')
  return record.jkt
}

function askerOf(ctx: TokenEndpointGrantContext, { uiLocales = '' }: Round) {
  const languages = [...uiLocales.split(' ').filter(Boolean), ...ctx.acceptsLanguages()].slice(0, 20)
  return { ip: ctx.ip, languages, requestId: requestState(ctx).requestId }
}

function stateOf(
  { clientId, jkt, round, username, person, customerId, failures, session }: SignIn,
  finished?: { readonly isFinished: true; readonly grantId: string },
): SessionState {
  const grantId = finished?.grantId ?? session.kept?.record.grantId
  return {
    clientId,
    round,
    failures,
    isFinished: finished !== undefined,
    ...(jkt !== undefined && { jkt }),
    ...(username !== undefined && { username }),
    ...(customerId !== undefined && { customerId }),
    ...(person && { person: keptOf(person) }),
    ...(grantId !== undefined && { grantId }),
  }
}

/** Customers are looked up anew in each request. */
function keptOf({ customer: _customer, ...kept }: LivePerson): KeptPerson {
  return kept
}

function refuse(ctx: TokenEndpointGrantContext, error: string, members: object): void {
  ctx.status = 403
  ctx.body = { error, ...members }
}
