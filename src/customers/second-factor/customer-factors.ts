import type { Enrolments } from '../../credentials/enrolments.ts'
import type { Factor, FactorGuard, Redeemed } from '../../credentials/factor-guard.ts'
import type { RecoveryCodes, RecoveryCodeTable } from '../../credentials/recovery-codes.ts'
import type { DeviceName, RememberedDevices, RememberedDeviceTable } from '../../credentials/remembered-devices.ts'
import type { SecondFactors, SecondFactorTable } from '../../credentials/second-factors.ts'
import type { Customer } from '../customer.ts'
import { type LetterKind, languagesFor, type PostLetter } from '../recovery/recovery-letters.ts'
import {
  type ClientWish,
  type FactorNeed,
  type FactorNeeded,
  type FactorRules,
  factorNeed,
  stillNeeds,
} from './factor-need.ts'
import type { MailedCodes } from './mailed-codes.ts'

/** Where customers' second factors, recovery codes and remembered browsers are kept. */
export const CUSTOMER_SECOND_FACTORS: SecondFactorTable = {
  name: 'customer_second_factors',
  personColumn: 'customer_id',
}
export const CUSTOMER_RECOVERY_CODES: RecoveryCodeTable = {
  name: 'customer_recovery_codes',
  personColumn: 'customer_id',
}
export const CUSTOMER_REMEMBERED_DEVICES: RememberedDeviceTable = {
  name: 'customer_remembered_devices',
  personColumn: 'customer_id',
}

/** What happened to a customer's second factor, for the audit trail. */
export type FactorEvent =
  | 'customer.second-factor-added'
  | 'customer.second-factor-removed'
  | 'customer.recovery-codes-renewed'
  | 'customer.recovery-code-used'
  | 'customer.device-remembered'
  | 'customer.devices-forgotten'

export type FactorDeps = {
  /** Whether customers can have one: they cannot where a service of the shop keeps them. */
  readonly isOffered: boolean
  readonly remembersDevices: boolean
  readonly rules: FactorRules
  readonly findClient: (clientId: string) => Promise<ClientWish | undefined>
  readonly secondFactors: SecondFactors
  readonly recoveryCodes: RecoveryCodes
  readonly enrolments: Enrolments
  readonly devices: RememberedDevices
  readonly guard: FactorGuard
  /** Absent where no mail can be sent. */
  readonly mailedCodes?: MailedCodes | undefined
  readonly postLetter: PostLetter
  readonly note: (event: FactorEvent, customerId: string, reason?: string) => void
}

/** What a customer enters as a second factor. `place` is the sign-in under way, where there is one. */
export type ShownCode = {
  readonly customer: Customer
  readonly factor: Factor
  readonly code: string
  readonly ip: string
  readonly place?: string
  readonly languages?: readonly string[]
}

/** How a customer's second factor stands. */
export type FactorStanding = { readonly hasSecondFactor: boolean; readonly recoveryCodesLeft: number }

export type CustomerFactors = ReturnType<typeof createCustomerFactors>

/** From this many codes on a letter says that new ones are due. */
const FEW_CODES = 3

/** The second factors of customers: whether one is needed, whether it is right, and how it comes and goes. */
export function createCustomerFactors(deps: FactorDeps) {
  const { rules, findClient, secondFactors, recoveryCodes, devices, guard, mailedCodes, note } = deps

  function write(kind: LetterKind, customer: Customer, languages: readonly string[] = [], values = {}): void {
    deps.postLetter(async () => ({
      kind,
      to: customer.email,
      languages: languagesFor(customer.locale, languages),
      ...(customer.givenName !== undefined && { givenName: customer.givenName }),
      path: '/recovery',
      values,
    }))
  }

  async function look({ customer, factor, code, place }: ShownCode): Promise<boolean> {
    if (factor === 'app') return secondFactors.redeem(customer.id, code)
    if (factor === 'mail') return place !== undefined && (await mailedCodes?.redeem({ customer, place }, code)) === true
    return (await secondFactors.isRequired(customer.id)) && (await recoveryCodes.redeem(customer.id, code))
  }

  async function remove(customer: Customer, by?: string): Promise<boolean> {
    const isRemoved = await secondFactors.remove(customer.id, by)
    await Promise.all([recoveryCodes.remove(customer.id), devices.forget(customer.id)])
    return isRemoved
  }

  return {
    isOffered: deps.isOffered,
    remembersDevices: deps.remembersDevices,
    rules,
    devices,
    has: secondFactors.isRequired,
    mailedCodes: rules.allowsMail ? mailedCodes : undefined,
    /** The same for a code that confirms an address: it does not count as a factor, whatever the rules say. */
    confirmingCodes: mailedCodes,

    /** What the customer has to show at a client; asked once the password was right. */
    async needOf(customer: Customer, clientId: string | undefined): Promise<FactorNeed> {
      const [hasFactor, client] = await Promise.all([
        secondFactors.isRequired(customer.id),
        clientId === undefined ? undefined : findClient(clientId),
      ])
      return factorNeed(customer, hasFactor, rules, client)
    },

    /** Whether the direct grants of a client leave the second factor out. */
    isIgnoredBy: async (clientId: string | undefined): Promise<boolean> =>
      clientId !== undefined && (await findClient(clientId))?.ignore_second_factor === true,

    /** Checks a code, once, within the limits of its factor. */
    async redeem(shown: ShownCode): Promise<Redeemed> {
      const { customer, factor, code, ip, languages } = shown
      const redeemed = await guard.redeem({ personId: customer.id, factor, code, ip }, () => look(shown))
      if (redeemed.outcome === 'right' && factor === 'recovery') {
        const left = await recoveryCodes.left(customer.id)
        note('customer.recovery-code-used', customer.id, `${left} left`)
        write(left <= FEW_CODES ? 'recovery-codes-low' : 'recovery-code-used', customer, languages, {
          left: String(left),
        })
      }
      return redeemed
    },

    beginEnrolment: deps.enrolments.begin,
    enrolmentAgain: deps.enrolments.again,

    /** The factor counts from now on. The recovery codes are shown this one time; undefined for a wrong code. */
    async enrol(
      customer: Customer,
      { sealed, code }: { readonly sealed: string; readonly code: string },
      languages: readonly string[] = [],
    ): Promise<readonly string[] | undefined> {
      if (!(await deps.enrolments.confirm(customer.id, sealed, code))) return undefined
      const codes = await recoveryCodes.renew(customer.id)
      await guard.forgive(customer.id)
      note('customer.second-factor-added', customer.id)
      write('second-factor-added', customer, languages)
      return codes
    },

    /** New recovery codes in place of the old ones; undefined without a second factor. */
    async renewRecoveryCodes(customer: Customer): Promise<readonly string[] | undefined> {
      if (!(await secondFactors.isRequired(customer.id))) return undefined
      const codes = await recoveryCodes.renew(customer.id)
      note('customer.recovery-codes-renewed', customer.id)
      return codes
    },

    /** The customer takes the factor away, with its recovery codes and remembered browsers. */
    async remove(customer: Customer, languages: readonly string[] = []): Promise<boolean> {
      const isRemoved = await remove(customer)
      if (isRemoved) note('customer.second-factor-removed', customer.id)
      if (isRemoved) write('second-factor-removed', customer, languages)
      return isRemoved
    },

    /** An operator takes it away for a customer who has lost everything. The caller audits it. */
    async reset(customer: Customer): Promise<boolean> {
      const isRemoved = await remove(customer, 'admin')
      await guard.forgive(customer.id)
      if (isRemoved) write('second-factor-removed', customer)
      return isRemoved
    },

    /** Wrong codes of before no longer count. */
    forgive: guard.forgive,

    /** Remembers a browser; the token is for it to keep. */
    async rememberDevice(customer: Customer, name: DeviceName): Promise<string> {
      const token = await devices.remember(customer.id, name)
      note('customer.device-remembered', customer.id)
      return token
    },

    /** Forgets one remembered browser, or all. */
    async forgetDevices(customerId: string, id?: string): Promise<boolean> {
      const isForgotten = (await devices.forget(customerId, id)) > 0
      if (isForgotten) note('customer.devices-forgotten', customerId, id === undefined ? 'all' : 'one')
      return isForgotten
    },

    async standing(customerId: string): Promise<FactorStanding> {
      const [hasSecondFactor, recoveryCodesLeft] = await Promise.all([
        secondFactors.isRequired(customerId),
        recoveryCodes.left(customerId),
      ])
      return { hasSecondFactor, recoveryCodesLeft }
    },
  }
}

/** The need of a customer who signed in by other means than a password. */
export function createFactorNeeded({ needOf, rules }: Pick<CustomerFactors, 'needOf' | 'rules'>): FactorNeeded {
  return async function factorNeeded(customer, clientId, amr) {
    const need = await needOf(customer, clientId)
    return need !== 'none' && stillNeeds(need, amr, rules) ? need : undefined
  }
}
