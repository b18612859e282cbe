import { setTimeout as delay } from 'node:timers/promises'
import { errors, type TokenEndpointGrantContext } from 'oidc-provider'
import type { Audit } from '../../audit/events.ts'
import { isEmailAddress } from '../../credentials/email.ts'
import type { Customer } from '../../customers/customer.ts'
import type { Directory } from '../../customers/directory.ts'
import type { IssuerSubjects } from '../../customers/linked-accounts/issuer-subjects.ts'
import { requestState } from '../../http/request-state.ts'
import type { Assertion } from '../../issuers/assertion.ts'
import type { Metrics } from '../../metrics.ts'
import { clientIdOf, parametersOf } from '../library-values.ts'
import { newSubjectOf } from './new-subject.ts'
import type { IsWithdrawn, Presented } from './presented.ts'
import { hasSecondFactor, toldSignIn } from './told-sign-in.ts'

export type LinkAccountDeps = {
  readonly issuerSubjects: IssuerSubjects
  readonly directory: Pick<Directory, 'findByLogin'>
  /** Whether the customer must still show a second factor after a sign-in elsewhere. */
  readonly owesSecondFactor: (customer: Customer, clientId: string) => Promise<boolean>
  readonly isWithdrawn: IsWithdrawn
  readonly isRegistrationOpen: boolean
  /** A customer's account was connected with the person at Google. */
  readonly noteLinked: (customerId: string, issuerId: string) => void
  readonly audit: Audit
  readonly metrics: Pick<Metrics, 'accountLinking'>
  readonly wait?: (ms: number) => Promise<unknown>
}

const INTENTS = ['check', 'get', 'create'] as const
type Intent = (typeof INTENTS)[number]
type Outcome = 'found' | 'not-found' | 'tokens' | 'linking-error'

/** Both answers to `check` come at the end of a step of this length, so that the time does not tell which it is. */
const STEP_MS = 100

/**
 * Streamlined account linking of Google: whether a person has an account here (`check`), tokens for it (`get`), and a new one
 * (`create`). Where that is not possible Google is told so and sends the person to sign in. Only the client that the issuer's record
 * names gets this far, and each question is on record.
 */
export function createLinkAccount(deps: LinkAccountDeps) {
  const { issuerSubjects, directory, wait = delay } = deps
  const findByEmail = async (email: string | undefined) =>
    email === undefined ? undefined : directory.findByLogin(email)

  return async function linkAccount(
    ctx: TokenEndpointGrantContext,
    assertion: Assertion,
  ): Promise<Presented | undefined> {
    const { intent } = parametersOf(ctx)
    if (!isIntent(intent)) throw new errors.InvalidRequest('intent must be check, get or create')
    if (intent === 'check') return check(ctx, assertion)
    const provedAtMs = Date.now()
    const { issuer } = assertion.issuer.record
    const found = await issuerSubjects.find({ issuer, subject: assertion.subject })
    const customer = found.outcome === 'unknown' ? await ofMailbox(ctx, assertion, intent) : customerOf(found, intent)
    const isNew = intent === 'create' && found.outcome === 'unknown' && customer === undefined
    const mayBeMade = isNew && (await mayMake(assertion))
    const isOwed = customer !== undefined && (await owes(ctx, assertion, customer))
    const isWithdrawn = found.outcome === 'found' && (await deps.isWithdrawn(found, clientIdOf(ctx)))
    if (isOwed || isWithdrawn || (customer === undefined && !mayBeMade))
      return answerLinkingError(ctx, assertion, intent)
    note(ctx, assertion, { intent, outcome: 'tokens', ...(customer && { customerId: customer.id }) })
    return { assertion, customer, provedAtMs, ...(found.outcome === 'found' && { linkedAtMs: found.linkedAtMs }) }
  }

  /** Both looks are taken whatever the first one finds. */
  async function check(ctx: TokenEndpointGrantContext, assertion: Assertion): Promise<undefined> {
    const startedMs = performance.now()
    const { issuer } = assertion.issuer.record
    const [found, byEmail] = await Promise.all([
      issuerSubjects.find({ issuer, subject: assertion.subject }),
      findByEmail(emailIn(assertion)),
    ])
    const isKnown = found.outcome !== 'unknown' || byEmail !== undefined
    await wait(STEP_MS - ((performance.now() - startedMs) % STEP_MS))
    note(ctx, assertion, { intent: 'check', outcome: isKnown ? 'found' : 'not-found' })
    ctx.status = isKnown ? 200 : 404
    ctx.body = { account_found: String(isKnown) }
    return undefined
  }

  /** The account of the same address, where Google runs the mailbox and the shop lets it speak for it. */
  async function ofMailbox(
    ctx: TokenEndpointGrantContext,
    assertion: Assertion,
    intent: Intent,
  ): Promise<Customer | undefined> {
    const { record } = assertion.issuer
    const person = newSubjectOf(assertion)
    if (intent !== 'get' || record.matches_verified_email !== true || person.emailTrust !== 'authoritative')
      return undefined
    const customer = (await findByEmail(person.email))?.customer
    if (customer?.status !== 'active' || !customer.emailVerified) return undefined
    if (await deps.owesSecondFactor(customer, clientIdOf(ctx))) return undefined
    // A customer who took the access back may have taken the person's connection away as well: Google makes none anew.
    if (await deps.isWithdrawn({ customer, linkedAtMs: 0 }, clientIdOf(ctx))) return undefined
    if (await issuerSubjects.connect(customer.id, person)) {
      deps.noteLinked(customer.id, record.id)
      return customer
    }
    // Another request at the same moment has connected the person, with this account or with none of ours to give.
    const connected = await issuerSubjects.find(person)
    return connected.outcome === 'found' ? connected.customer : undefined
  }

  async function mayMake(assertion: Assertion): Promise<boolean> {
    if (!deps.isRegistrationOpen || assertion.issuer.record.subjects !== 'provision') return false
    const { email, emailTrust } = newSubjectOf(assertion)
    return emailTrust !== 'none' && (await directory.findByLogin(email)) === undefined
  }

  async function owes(ctx: TokenEndpointGrantContext, { issuer, claims }: Assertion, customer: Customer) {
    const authentication = toldSignIn(issuer.record, claims)
    return !hasSecondFactor(authentication) && (await deps.owesSecondFactor(customer, clientIdOf(ctx)))
  }

  /** Google then opens the sign-in page, with the address filled in. */
  function answerLinkingError(ctx: TokenEndpointGrantContext, assertion: Assertion, intent: Intent): undefined {
    note(ctx, assertion, { intent, outcome: 'linking-error' })
    const email = emailIn(assertion)
    ctx.status = 401
    ctx.body = { error: 'linking_error', ...(email !== undefined && { login_hint: email }) }
    return undefined
  }

  function note(
    ctx: TokenEndpointGrantContext,
    { issuer }: Assertion,
    { intent, outcome, customerId }: { intent: Intent; outcome: Outcome; customerId?: string },
  ): void {
    deps.metrics.accountLinking.inc({ intent, outcome })
    deps.audit({
      type: 'account-linking.asked',
      ...(customerId !== undefined && { customerId }),
      clientId: clientIdOf(ctx),
      ip: ctx.ip,
      requestId: requestState(ctx).requestId,
      reason: `${issuer.record.id}: ${intent}, ${outcome}`,
    })
  }
}

/** A person who is linked has an account, so that none is made; one that is blocked opens nothing. */
function customerOf(
  found: Exclude<Awaited<ReturnType<IssuerSubjects['find']>>, { outcome: 'unknown' }>,
  intent: Intent,
): Customer | undefined {
  return found.outcome === 'found' && intent === 'get' ? found.customer : undefined
}

function isIntent(intent: unknown): intent is Intent {
  return INTENTS.some((known) => known === intent)
}

function emailIn({ claims }: Assertion): string | undefined {
  return typeof claims.email === 'string' && isEmailAddress(claims.email) ? claims.email : undefined
}
