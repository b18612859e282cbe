import { type CompanyUser, type Customer, isActiveCompanyUser } from '../../customers/customer.ts'
import { placeOf } from './auth-sessions.ts'
import type { LivePerson, SignIn } from './sign-in.ts'
import type { StepName } from './steps.ts'

/** A step as an app reads it. */
export type SaidStep = { readonly step: StepName } & Readonly<Record<string, unknown>>

export type SayStepsDeps = {
  /** What an app asks an authenticator to prove; absent where there are no passkeys. */
  readonly passkeyOptions?: ((place: string) => object) | undefined
  /** The company users that a customer chose before, the last one first. */
  readonly lastChosen?: ((customerId: string) => Promise<readonly string[]>) | undefined
  /** In characters. */
  readonly minPasswordLength: number
}

/** Of a code by mail. */
const CODE = { resend_after: 30, expires_in: 600, length: 6 } as const
/** A person of more companies than these names the one they want, which the answer need not list. */
const MOST_CHOICES = 100

/** The steps with what an app needs to show them. Before the first proof nothing of them is about an account. */
export function createSaySteps({ passkeyOptions, lastChosen, minPasswordLength }: SayStepsDeps) {
  return function saySteps(steps: readonly StepName[], signIn: SignIn): Promise<SaidStep[]> {
    return Promise.all(steps.map((step) => say(step, signIn)))
  }

  async function say(step: StepName, { session, person }: SignIn): Promise<SaidStep> {
    if (step === 'email_code') return { step, ...(person && { address: masked(person.customer.email) }), ...CODE }
    if (step === 'passkey') return { step, options: passkeyOptions?.(placeOf(session)) }
    if (step === 'new_password') return { step, min_length: minPasswordLength }
    if (step === 'company' && person) return { step, choices: await choicesOf(person) }
    return { step }
  }

  async function choicesOf({ customer }: LivePerson): Promise<object[]> {
    const lately = (await lastChosen?.(customer.id)) ?? []
    const place = ({ id }: CompanyUser) => (lately.includes(id) ? lately.indexOf(id) : lately.length)
    return customer.companyUsers
      .filter(isActiveCompanyUser)
      .sort((a, b) => place(a) - place(b) || a.company.name.localeCompare(b.company.name))
      .slice(0, MOST_CHOICES)
      .map((companyUser) => choiceOf(companyUser, customer))
  }
}

export type SaySteps = ReturnType<typeof createSaySteps>

function choiceOf({ id, company, roles }: CompanyUser, { customerReference }: Customer): object {
  return {
    id,
    company: company.name,
    role: roles.map(({ name }) => name).join(', '),
    customer_number: customerReference,
  }
}

/** `j***@example.com`: enough to know one's own address by. */
function masked(email: string): string {
  const [name = '', domain = ''] = email.split('@')
  return `${[...name].slice(0, 1).join('')}***@${domain}`
}
