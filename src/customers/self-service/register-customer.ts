import { randomUUID } from 'node:crypto'
import { isEmailAddress } from '../../credentials/email.ts'
import { networkOf } from '../../credentials/ip-network.ts'
import { isPersonName, typedText } from '../person-name.ts'
import type { Asker } from '../recovery/recovery-letters.ts'
import type { RecoveryServices } from '../recovery/recovery-services.ts'
import type { NewCustomer } from '../recovery/registration-rows.ts'
import type { Account, AccountMember, NewAccount, Registered } from './outcomes.ts'

export type RegisterCustomerDeps = Pick<RecoveryServices, 'budgets' | 'registration' | 'rows' | 'passwordChange'> & {
  /** Whether an address must be confirmed before there is a customer. */
  readonly needsConfirmation: boolean
  /** To which a letter leads; our own page unless given. */
  readonly confirmationPage: string | undefined
}

const LOCALE = /^[a-z]{2,3}(?:[_-][A-Za-z0-9]{2,8}){0,2}$/

/** The members of an account that cannot be right. What is not given is not wrong: a dialect knows what its shop asks for. */
export function invalidMembers(
  given: {
    readonly [Member in AccountMember]?: string | null | undefined
  },
): AccountMember[] {
  const isWrong = (member: AccountMember, isRight: (text: string) => boolean) => {
    const text = given[member]
    return text !== undefined && text !== null && !isRight(text) ? [member] : []
  }
  return [
    ...isWrong('email', isEmailAddress),
    ...isWrong('givenName', isPersonName),
    ...isWrong('familyName', isPersonName),
    ...isWrong('locale', (text) => LOCALE.test(text)),
  ]
}

/** Registration by an API: the budgets, the policy and the letters are those of the hosted page. */
export function createRegisterCustomer(deps: RegisterCustomerDeps) {
  const { budgets, registration, rows, passwordChange, needsConfirmation, confirmationPage } = deps

  return async function registerCustomer(given: NewAccount, asker: Asker): Promise<Registered> {
    const { password, ...members } = tidy(given)
    const invalid = invalidMembers(members)
    if (invalid.length > 0) return { outcome: 'invalid', members: invalid }
    const retryAfterSeconds = await budgets.takeForPlace(asker.ip)
    if (retryAfterSeconds !== undefined) return { outcome: 'too-many', retryAfterSeconds }
    return needsConfirmation ? announce() : add()

    /** The ids are chosen before it is known whether the address has an account: the answer does not show it. */
    async function announce(): Promise<Registered> {
      const account: Account = await withIds(members)
      const { customerReference: _, ...chosen } = account
      const registrant = { ...asker, shopPage: confirmationPage }
      const prepared = await registration.register({ ...chosen, password }, registrant)
      if (prepared.outcome === 'refused') return { outcome: 'weak-password', reason: prepared.reason }
      return prepared.outcome === 'busy' ? prepared : { outcome: 'unconfirmed', account }
    }

    async function add(): Promise<Registered> {
      const prepared = await passwordChange.prepare(password, members.email, networkOf(asker.ip))
      if (prepared.outcome === 'refused') return { outcome: 'weak-password', reason: prepared.reason }
      if (prepared.outcome === 'busy') return prepared
      const account: Account = await withIds(members)
      const { customerReference: _, ...chosen } = account
      const id = await rows.add({ ...chosen, password: prepared.password })
      return id === undefined ? { outcome: 'taken' } : { outcome: 'registered', account }
    }
  }

  async function withIds(members: Omit<NewCustomer, 'password'>): Promise<Account> {
    const id = randomUUID()
    return { ...members, id, idCustomer: await rows.reserveNumber(), customerReference: id }
  }
}

/** As it is kept; members that were not given are absent. */
function tidy({ email, password, givenName, familyName, locale, allowsSupport }: NewAccount) {
  return {
    email: typedText(email),
    password,
    ...(givenName !== undefined && { givenName: typedText(givenName) }),
    ...(familyName !== undefined && { familyName: typedText(familyName) }),
    ...(locale !== undefined && { locale }),
    ...(allowsSupport !== undefined && { allowsSupport }),
  }
}
