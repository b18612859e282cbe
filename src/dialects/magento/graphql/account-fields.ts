import { GUEST, type Refused, WRONG_LOGIN, WRONG_PASSWORD } from '../account-messages.ts'
import type { Accounts, Done } from '../accounts.ts'
import { findCustomer } from '../callers.ts'
import { rendered } from '../messages.ts'
import type { Asked } from './asked.ts'
import { customerObject } from './customer-fields.ts'
import { outage, refusal, tooMany } from './execute.ts'
import { given } from './sign-in-fields.ts'

/** What is read of the shop's inputs for customers; the rest is the shop's own. */
export type CustomerInput = {
  readonly email?: string | null
  readonly firstname?: string | null
  readonly lastname?: string | null
  readonly password?: string | null
  readonly allow_remote_shopping_assistance?: boolean | null
}

const LABELS = { email: 'Email', firstname: 'First Name', lastname: 'Last Name' } as const

/** What customers do to their own accounts. */
export function accountFields({ request, services, shop }: Asked, accounts: Accounts) {
  const shown = () => findCustomer(request, services)
  const register = async ({ input }: { input: CustomerInput }) => {
    const { email, firstname: givenName, lastname: familyName, password } = filled(input)
    if (!password) throw refusal('Specify the "password" value.', 'graphql-input')
    const allowsSupport = input.allow_remote_shopping_assistance ?? undefined
    const account = done(await accounts.register({ email, password, givenName, familyName, allowsSupport }))
    // It is unconfirmed until its letter was read.
    return { customer: customerObject(account, { isConfirmed: shop.needsConfirmation ? null : false }) }
  }
  const update = async ({ input }: { input: CustomerInput }) => {
    const { firstname, lastname, allow_remote_shopping_assistance: allowsSupport } = input
    const profile = {
      ...(typeof firstname === 'string' && { givenName: firstname }),
      ...(typeof lastname === 'string' && { familyName: lastname }),
      ...(typeof allowsSupport === 'boolean' && { allowsSupport }),
    }
    return { customer: customerObject(done(await accounts.changeProfile(await shown(), profile))) }
  }
  return {
    createCustomer: register,
    createCustomerV2: register,
    updateCustomerV2: update,
    async isEmailAvailable({ email }: { email: string }) {
      given({ email })
      return { is_email_available: done(await accounts.isEmailAvailable(email)) }
    },
    async changeCustomerPassword({ currentPassword, newPassword }: { currentPassword: string; newPassword: string }) {
      given({ currentPassword, newPassword })
      const passwords = { current: currentPassword, next: newPassword }
      return customerObject(done(await accounts.changePassword(await shown(), passwords)))
    },
    async requestPasswordResetEmail({ email }: { email: string }) {
      if (email === '') throw refusal('You must specify an email address.', 'graphql-input')
      if (!email.includes('@')) throw refusal('The email address has an invalid format.', 'graphql-input')
      return done(await accounts.requestReset(email))
    },
    async resetPassword(given: { email: string; resetPasswordToken: string; newPassword: string }) {
      const { email, resetPasswordToken: key, newPassword: password } = given
      if (email === '') throw refusal('You must specify an email address.', 'graphql-input')
      if (!email.includes('@')) throw refusal('The email address has an invalid format.', 'graphql-input')
      if (key === '') throw refusal('resetPasswordToken must be specified', 'graphql-input')
      if (password === '') throw refusal('newPassword must be specified', 'graphql-input')
      return done(await accounts.reset({ email, key, password }))
    },
    async confirmEmail({ input }: { input: { email: string; confirmation_key: string } }) {
      const { email, confirmation_key: key } = input
      if (!email.includes('@')) throw refusal('Email is invalid.', 'graphql-input')
      return { customer: customerObject(done(await accounts.confirm({ key, email }))) }
    },
    async resendConfirmationEmail({ email }: { email: string }) {
      if (!email.includes('@')) throw refusal('Email address is not valid', 'graphql-input')
      return done(await accounts.resendConfirmation(email))
    },
    async updateCustomerEmail({ email, password }: { email: string; password: string }) {
      if (email === '') throw refusal('You must specify an email address.', 'graphql-input')
      given({ password })
      return { customer: customerObject(done(await accounts.changeEmail(await shown(), { email, password }))) }
    },
    async deleteCustomer() {
      return done(await accounts.erase(await shown()))
    },
  }
}

/** The members without which there is no account; the schema asks for them in one of the two inputs only. */
function filled({ email, firstname, lastname, password }: CustomerInput) {
  const members = { email: email ?? '', firstname: firstname ?? '', lastname: lastname ?? '' }
  // Every name of a label is one of a member.
  const missing = (Object.keys(LABELS) as (keyof typeof LABELS)[]).filter((name) => members[name].trim() === '')
  if (missing.length === 0) return { ...members, password }
  const names = missing.map((name) => LABELS[name]).join(', ')
  throw refusal(`Required parameters are missing: ${names}`, 'graphql-input')
}

/** What was done; a refusal is thrown with the category that the shop gives it. */
export function done<T>(result: Done<T>): T {
  if ('done' in result) return result.done
  throw refusalOf(result.refused)
}

function refusalOf({ status, error, retryAfterSeconds }: Refused): Error {
  if (status === 503)
    return outage(error.message, { status, ...(retryAfterSeconds !== undefined && { retryAfterSeconds }) })
  if (status === 429) return tooMany(error.message, retryAfterSeconds)
  if (status !== 401) return refusal(rendered(error), 'graphql-input')
  if (error === WRONG_PASSWORD) return refusal(WRONG_LOGIN, 'graphql-authentication')
  return error.parameters ? refusal(GUEST, 'graphql-authorization') : refusal(error.message, 'graphql-authentication')
}
