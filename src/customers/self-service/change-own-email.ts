import type { Authenticate } from '../authenticate.ts'
import type { Customer } from '../customer.ts'
import { typedText } from '../person-name.ts'
import type { RecoveryServices } from '../recovery/recovery-services.ts'
import type { EmailChanged } from './outcomes.ts'
import { invalidMembers } from './register-customer.ts'
import type { PasswordContext } from './set-own-password.ts'

type ChangeOwnEmailDeps = Pick<RecoveryServices, 'budgets' | 'registration'> & {
  readonly authenticate: Authenticate
  readonly canMail: boolean
  readonly confirmationPage: string | undefined
}

/**
 * A customer takes another address, with the password, once a letter to it was answered, whatever registration asks for: with
 * an address of somebody else comes whatever belongs to that. What was granted stays; the owner of the former address is told,
 * and can undo it.
 */
export function createChangeOwnEmail(deps: ChangeOwnEmailDeps) {
  const { authenticate, budgets, registration, confirmationPage } = deps
  return async function changeOwnEmail(
    customer: Pick<Customer, 'id' | 'email'>,
    { email, password }: { readonly email: string; readonly password: string },
    { languages, ...context }: PasswordContext,
  ): Promise<EmailChanged> {
    if (!deps.canMail) return { outcome: 'unavailable', why: 'no-mail' }
    const next = typedText(email)
    if (invalidMembers({ email: next }).length > 0) return { outcome: 'invalid', members: ['email'] }
    const checked = await authenticate(customer.email, password, context)
    if (checked.outcome === 'locked' || checked.outcome === 'busy') return checked
    if (checked.outcome !== 'authenticated' || checked.customer.id !== customer.id) return { outcome: 'wrong-password' }
    const retryAfterSeconds = await budgets.takeForPlace(context.ip)
    if (retryAfterSeconds !== undefined) return { outcome: 'too-many', retryAfterSeconds }
    registration.requestEmailChange(next, checked.proof, { ip: context.ip, languages, shopPage: confirmationPage })
    return { outcome: 'announced' }
  }
}
