import type { ClientMetadata } from '../../clients/client.ts'
import type { CustomerFactors } from '../../customers/second-factor/customer-factors.ts'
import { toAccount } from '../accounts/account.ts'
import { acrDemandOf } from '../accounts/acr.ts'
import { isCompanyOpen } from '../accounts/company-choice.ts'
import type { AccountSteps } from './account-steps.ts'
import type { FirstProofs } from './first-proofs.ts'
import type { Begun, SecondProofs } from './second-proofs.ts'
import { type Asker, type Given, type LivePerson, type Problem, type SignIn, type Taken, throttled } from './sign-in.ts'
import { type Next, nextSteps, type ProvedPerson, type StepName } from './steps.ts'

/** How a request ends, with the sign-in as it leaves it. */
export type Reached = { readonly signIn: SignIn } & (
  | { readonly outcome: 'complete'; readonly person: LivePerson }
  | { readonly outcome: 'steps'; readonly steps: readonly StepName[]; readonly problem?: Problem }
  | { readonly outcome: 'browser' | 'unmet' | 'ended' }
  | Extract<Taken, { outcome: 'busy' }>
)

export type FlowDeps = {
  readonly findClient: (clientId: string) => Promise<ClientMetadata | undefined>
  readonly firstProofs: FirstProofs
  readonly secondProofs: SecondProofs
  readonly accountSteps: AccountSteps
  readonly factors: Pick<CustomerFactors, 'needOf' | 'rules' | 'mailedCodes' | 'confirmingCodes'>
  readonly hasPasskey: (customerId: string) => Promise<boolean>
  /** Whether the company that the address belongs to signs its people in itself: told by the domain, and so of no account. */
  readonly isOfUpstream: (login: string) => boolean
  readonly offers: {
    readonly code: boolean
    readonly passkey: boolean
    readonly confirmation: boolean
    readonly newPassword: boolean
  }
}

/** A sign-in that goes wrong so often goes on in the browser. */
const MOST_FAILURES = 10
const CODE_WAIT_SECONDS = 600

/**
 * A request of a sign-in: takes the steps that it brings, one after the other, and says which are missing. What it does not bring,
 * or brings for a step that is not due, is left alone.
 */
export function createFlow(deps: FlowDeps) {
  const { firstProofs, secondProofs, accountSteps, factors } = deps

  return async function go(started: SignIn, given: Given, asker: Asker): Promise<Reached> {
    let signIn = named(started, given)
    const sent = given.send === 'email_code'
    let isNew = false
    for (;;) {
      const next = await nextOf(signIn)
      if (next === 'browser' || next === 'unmet') return { outcome: next, signIn }
      const { person } = signIn
      if (next.length === 0 && person) return { outcome: 'complete', person, signIn }
      if (!person && signIn.username !== undefined && deps.isOfUpstream(signIn.username))
        return { outcome: 'browser', signIn }
      const taken = await take(next, { signIn, given, asker })
      if (taken === undefined) return waiting(signIn, { next, sent, isNew, asker })
      if (taken.outcome === 'proved') {
        isNew = true
        signIn = { ...signIn, person: taken.person, customerId: taken.person.customer.id }
      } else if (taken.outcome !== 'problem') return { ...taken, signIn }
      else return refused(signIn, next, taken)
    }
  }

  /** The steps that the request leaves open. A code is mailed where the app asks for it, or where nothing else leads on. */
  async function waiting(
    signIn: SignIn,
    { next, sent, isNew, asker }: { next: readonly StepName[]; sent: boolean; isNew: boolean; asker: Asker },
  ): Promise<Reached> {
    const isDue = next.includes('email_code') && (sent || (isNew && next[0] === 'email_code'))
    const isMailed = !isDue || (await mail(signIn, asker))
    const reached = shown(signIn, next)
    if (isMailed || reached.outcome !== 'steps') return reached
    const { problem } = throttled(CODE_WAIT_SECONDS) as Extract<Taken, { outcome: 'problem' }> // it is one
    return { ...reached, problem }
  }

  async function mail(signIn: SignIn, asker: Asker): Promise<boolean> {
    if (isBegun(signIn)) return secondProofs.mailCode(signIn, asker)
    firstProofs.mailCode(signIn, asker)
    return true
  }

  function refused(before: SignIn, next: readonly StepName[], taken: Extract<Taken, { outcome: 'problem' }>): Reached {
    const signIn = taken.isGuess ? { ...before, failures: before.failures + 1 } : before
    if (signIn.failures >= MOST_FAILURES) return { outcome: 'browser', signIn }
    const reached = shown(signIn, next)
    return reached.outcome === 'steps' ? { ...reached, problem: taken.problem } : reached
  }

  async function take(
    next: readonly StepName[],
    { signIn, given, asker }: { signIn: SignIn; given: Given; asker: Asker },
  ): Promise<Taken | undefined> {
    const step = next.find((name) => given[PARAMETERS[name]] !== undefined && name !== 'identifier')
    if (!step) return undefined
    const parameter = PARAMETERS[step]
    const value = String(given[parameter])
    // It is used up, right or wrong.
    delete given[parameter]
    if (!isBegun(signIn) || step === 'password' || step === 'passkey') return takeFirst(step, signIn, value, asker)
    if (step === 'totp') return secondProofs.totp(signIn, value, asker)
    if (step === 'recovery_code') return secondProofs.recoveryCode(signIn, value, asker)
    if (step === 'email_code') return secondProofs.mailedCode(signIn, value, asker)
    return step === 'new_password'
      ? accountSteps.newPassword(signIn, value, asker)
      : accountSteps.company(signIn, value, asker)
  }

  function takeFirst(step: StepName, signIn: SignIn, value: string, asker: Asker): Promise<Taken> {
    if (step === 'password') return firstProofs.password(signIn, value, asker)
    return step === 'passkey' ? firstProofs.passkey(signIn, value, asker) : firstProofs.code(signIn, value, asker)
  }

  async function nextOf({ person, username, round, clientId }: SignIn): Promise<Next> {
    return nextSteps({
      isNamed: username !== undefined,
      person: person && (await standingOf(person, round, clientId)),
      demand: acrDemandOf({ acr_values: round.acrValues, claims: round.claims }),
      rules: factors.rules,
      offersCode: deps.offers.code,
      offersPasskey: deps.offers.passkey,
      canMail: {
        toConfirm: deps.offers.confirmation && factors.confirmingCodes !== undefined,
        asFactor: factors.mailedCodes !== undefined,
      },
      canChangePassword: deps.offers.newPassword,
    })
  }

  async function standingOf(person: LivePerson, round: SignIn['round'], clientId: string): Promise<ProvedPerson> {
    const { customer, amr, companyUserId } = person
    const [need, hasPasskey, client] = await Promise.all([
      factors.needOf(customer, clientId),
      deps.offers.passkey && deps.hasPasskey(customer.id),
      deps.findClient(clientId),
    ])
    const isAsked =
      round.companyUserId !== undefined || (client?.company_choice !== 'client' && isCompanyOpen(customer))
    return {
      amr,
      need,
      hasPasskey,
      isByMail: person.isByMail === true,
      isUnconfirmed: person.isUnconfirmed === true,
      mustChangePassword: person.mustChangePassword === true,
      isFactorFresh: (person.factorAtMs ?? 0) >= (round.factorAfterMs ?? 0),
      // Also where the company that was chosen is not theirs any more.
      lacksCompany: companyUserId === undefined ? isAsked : toAccount(customer, companyUserId) === undefined,
    }
  }
}

export type Flow = ReturnType<typeof createFlow>

/** The parameter by which a step is taken. */
const PARAMETERS = {
  identifier: 'username',
  password: 'password',
  email_code: 'email_code',
  totp: 'otp',
  recovery_code: 'recovery_code',
  passkey: 'passkey',
  new_password: 'new_password',
  company: 'company_user_id',
} as const satisfies Record<StepName, keyof Given>

/** The login that is typed counts until somebody has proved who they are. */
function named(signIn: SignIn, { username }: Given): SignIn {
  const login = username?.trim()
  return signIn.person || login === undefined || login === '' ? signIn : { ...signIn, username: login }
}

/** The steps that the app can show; without any the browser goes on. */
function shown(signIn: SignIn, next: readonly StepName[]): Reached {
  const { steps: shows } = signIn.round
  const steps = next.filter((step) => shows === undefined || step === 'identifier' || shows.includes(step))
  const hasWay = steps.some((step) => step !== 'identifier')
  return hasWay ? { outcome: 'steps', steps, signIn } : { outcome: 'browser', signIn }
}

function isBegun(signIn: SignIn): signIn is Begun {
  return signIn.person !== undefined
}
