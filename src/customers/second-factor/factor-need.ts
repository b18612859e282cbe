import type { Customer } from '../customer.ts'
import { isActiveCompanyUser } from '../customer.ts'

/** What a shop asks of its customers beside their passwords. */
export type FactorRules = {
  /** Of every customer. */
  readonly isRequired: boolean
  /** Company roles whose holders need one, by name. */
  readonly roles: readonly string[]
  /** Whether a code by mail will do, where nothing better is asked for. */
  readonly allowsMail: boolean
}

/** What a client's metadata say of second factors. */
export type ClientWish = {
  readonly require_second_factor?: boolean | undefined
  readonly ignore_second_factor?: boolean | undefined
}

/** What a customer has to show, or to set up, once the password was right. */
export type FactorNeed = 'none' | 'code' | 'mail' | 'set-up'

/**
 * Whoever has a second factor shows it. Whoever must have one and has none sets it up, or takes a code by mail where that is allowed. A
 * role counts from any company: which one the customer acts for may be chosen later.
 */
export function factorNeed(
  customer: Pick<Customer, 'companyUsers'>,
  hasFactor: boolean,
  rules: FactorRules,
  client: ClientWish | undefined,
): FactorNeed {
  if (hasFactor) return 'code'
  const isRequired = rules.isRequired || client?.require_second_factor === true || hasRole(customer, rules.roles)
  if (!isRequired) return 'none'
  return rules.allowsMail ? 'mail' : 'set-up'
}

/**
 * Whether a session that was signed in like this (`amr`, RFC 8176) still lacks what is needed. A code by mail beside the password makes
 * up for it where such codes are allowed.
 */
export function stillNeeds(need: FactorNeed, amr: readonly string[], { allowsMail }: FactorRules): boolean {
  if (need === 'none' || amr.includes('mfa')) return false
  return !(allowsMail && amr.includes('pwd') && amr.includes('otp'))
}

/** What a customer still has to show or set up at a client after a sign-in like this (`amr`); undefined where it is enough. */
export type FactorNeeded = (
  customer: Customer,
  clientId: string,
  amr: readonly string[],
) => Promise<Exclude<FactorNeed, 'none'> | undefined>

function hasRole({ companyUsers }: Pick<Customer, 'companyUsers'>, names: readonly string[]): boolean {
  if (names.length === 0) return false
  const held = companyUsers.filter(isActiveCompanyUser).flatMap(({ roles }) => roles.map(({ name }) => name))
  return held.some((name) => names.includes(name))
}
