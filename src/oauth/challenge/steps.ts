import { type FactorNeed, type FactorRules, stillNeeds } from '../../customers/second-factor/factor-need.ts'
import { type AcrDemand, demandsPasskey, demandsSecondFactor, meets, strengthOf } from '../accounts/acr.ts'

/** What an app can send next. */
export const STEPS = [
  'identifier',
  'password',
  'email_code',
  'totp',
  'recovery_code',
  'passkey',
  'new_password',
  'company',
] as const
export type StepName = (typeof STEPS)[number]

/** A person who has proved something, as far as it decides what comes next. */
export type ProvedPerson = {
  readonly amr: readonly string[]
  readonly isByMail: boolean
  readonly isUnconfirmed: boolean
  readonly mustChangePassword: boolean
  /** What the client, the settings and the customer's own choice ask for. */
  readonly need: FactorNeed
  readonly hasPasskey: boolean
  /** A second factor was shown, and lately enough. */
  readonly isFactorFresh: boolean
  /** They have several companies, none goes without saying, and none was chosen. */
  readonly lacksCompany: boolean
}

/** What the steps of a sign-in depend on. */
export type StepFacts = {
  readonly isNamed: boolean
  /** Undefined before the first proof. */
  readonly person: ProvedPerson | undefined
  readonly demand: AcrDemand | undefined
  readonly rules: FactorRules
  /** Whether a code by mail signs in. */
  readonly offersCode: boolean
  /** Whether passkeys can be used at all. */
  readonly offersPasskey: boolean
  /** Whether a code can be mailed for another purpose than signing in. */
  readonly canMail: { readonly toConfirm: boolean; readonly asFactor: boolean }
  readonly canChangePassword: boolean
}

/** The steps that lead on, any one of them; none where all is there. What no app can ask for is for the browser. */
export type Next = readonly StepName[] | 'browser' | 'unmet'

/**
 * Which steps a sign-in lacks. Before the first proof they are the same for every login, so that they tell nothing of an account.
 */
export function nextSteps(facts: StepFacts): Next {
  const { person } = facts
  if (!person) return firstSteps(facts)
  if (person.isUnconfirmed) return facts.canMail.toConfirm ? ['email_code'] : 'browser'
  const factor = factorSteps(person, facts)
  if (factor === 'browser' || factor === 'unmet' || factor.length > 0) return factor
  if (person.mustChangePassword && facts.canChangePassword) return ['new_password']
  return person.lacksCompany ? ['company'] : []
}

function firstSteps({ isNamed, offersCode, offersPasskey }: StepFacts): readonly StepName[] {
  return [
    ...(isNamed ? [] : (['identifier'] as const)),
    'password',
    ...(offersCode ? (['email_code'] as const) : []),
    ...(offersPasskey ? (['passkey'] as const) : []),
  ]
}

/** A second factor, where the request, the client, the settings or the customer want one that was not shown. */
function factorSteps(person: ProvedPerson, { demand, rules, canMail }: StepFacts): Next {
  const { need, amr, hasPasskey } = person
  const passkey: readonly StepName[] = hasPasskey ? ['passkey'] : []
  const codes: readonly StepName[] = need === 'code' ? ['totp', 'recovery_code'] : []
  const mail: readonly StepName[] = canMail.asFactor && !person.isByMail ? ['email_code'] : []
  const strength = strengthOf({ amr })
  if (demand && !meets(strength, demand)) {
    if (demandsPasskey(demand)) {
      if (hasPasskey) return passkey
    } else if (demandsSecondFactor(demand)) {
      if (codes.length + passkey.length > 0) return [...codes, ...passkey]
      if (need === 'set-up') return 'browser'
    }
    if (demand.isEssential) return 'unmet'
  }
  if (!person.isFactorFresh && codes.length + passkey.length > 0) return [...codes, ...passkey]
  if (!stillNeeds(need, amr, rules)) return []
  if (need === 'code') return [...codes, ...mail, ...passkey]
  if (need === 'set-up') return hasPasskey ? passkey : 'browser'
  // A second mail to the same mailbox is no second factor.
  const ways: Next = person.isByMail ? ['password', ...passkey] : [...mail, ...passkey]
  return ways.length > 0 ? ways : 'browser'
}
