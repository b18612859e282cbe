import type { Authenticate } from '../authenticate.ts'
import type { Customer } from '../customer.ts'
import type { Directory } from '../directory.ts'
import { typedText } from '../person-name.ts'
import type { RecoveryServices } from '../recovery/recovery-services.ts'
import type { EmailChanged } from './outcomes.ts'
import { invalidMembers } from './register-customer.ts'
import type { PasswordContext } from './set-own-password.ts'

type ChangeOwnEmailDeps = Pick<RecoveryServices, 'budgets' | 'registration' | 'rows'> & {
  readonly directory: Pick<Directory, 'findById'>
  readonly authenticate: Authenticate
  readonly needsConfirmation: boolean
  readonly canMail: boolean
  readonly confirmationPage: string | undefined
}

/**
 * A customer takes another address, with the password. Where addresses are confirmed, the new one is first. What was granted
 * stays; the owner of the former address is told, and can undo it.
 */
export function createChangeOwnEmail(deps: ChangeOwnEmailDeps) {
  const { authenticate, budgets, registration, rows, directory, needsConfirmation, confirmationPage } = deps
  return async function changeOwnEmail(
    customer: Pick<Customer, 'id' | 'email'>,
    { email, password }: { readonly email: string; readonly password: string },
    { languages, ...context }: PasswordContext,
  ): Promise<EmailChanged> {
    if (needsConfirmation && !deps.canMail) return { outcome: 'unavailable', why: 'no-mail' }
    const next = typedText(email)
    if (invalidMembers({ email: next }).length > 0) return { outcome: 'invalid', members: ['email'] }
    const checked = await authenticate(customer.email, password, context)
    if (checked.outcome === 'locked' || checked.outcome === 'busy') return checked
    if (checked.outcome !== 'authenticated' || checked.customer.id !== customer.id) return { outcome: 'wrong-password' }
    const retryAfterSeconds = await budgets.takeForPlace(context.ip)
    if (retryAfterSeconds !== undefined) return { outcome: 'too-many', retryAfterSeconds }
    if (needsConfirmation) {
      registration.requestEmailChange(next, checked.proof, { ip: context.ip, languages, shopPage: confirmationPage })
      return { outcome: 'announced' }
    }
    const changed = await rows.moveEmail(customer.id, next)
    const now = changed && (await directory.findById(customer.id))
    return now ? { outcome: 'changed', customer: now } : { outcome: 'taken' }
  }
}
