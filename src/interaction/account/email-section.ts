import { isEmailAddress, normalizeEmail } from '../../credentials/email.ts'
import { typedText } from '../../customers/person-name.ts'
import type { Proofs } from '../../customers/proof.ts'
import type { MailBudgets } from '../../customers/recovery/recovery-budgets.ts'
import type { Registration } from '../../customers/recovery/registration.ts'
import type { AccountSection } from './section.ts'

const ACT = 'profile/email'

export type EmailSectionDeps = {
  readonly proofs: Pick<Proofs, 'make'>
  readonly budgets: Pick<MailBudgets, 'takeForPlace'>
  readonly registration: Pick<Registration, 'requestEmailChange'>
}

/**
 * Another e-mail address, after a fresh sign-in: it is the customer's once a letter to it was answered, and the owner of the former
 * address is told and can undo it. The answer is the same for an address that has an account.
 */
export function createEmailSection({ proofs, budgets, registration }: EmailSectionDeps): AccountSection {
  return {
    page: 'profile',
    show: async ({ customer, addressOf }) => ({ template: 'email', email: customer.email, href: addressOf(ACT) }),
    acts: [
      {
        path: ACT,
        isSensitive: true,
        keeps: ['email'],
        open: async ({ customer, form }, { values }) => ({
          template: 'email-form',
          ...form(ACT),
          current: customer.email,
          email: values.email ?? '',
        }),
        async submit({ ctx, customer, asker }, { email = '' }) {
          const next = typedText(email)
          if (!isEmailAddress(next)) return { outcome: 'refused', problem: 'email', fields: ['email'] }
          if (normalizeEmail(next) === normalizeEmail(customer.email))
            return { outcome: 'refused', problem: 'email-same', fields: ['email'] }
          const waitSeconds = await budgets.takeForPlace(ctx.ip)
          if (waitSeconds !== undefined) return { outcome: 'refused', problem: 'too-many', status: 429, waitSeconds }
          const proof = await proofs.make(customer.id)
          if (proof) registration.requestEmailChange(next, proof, asker())
          return { outcome: 'done', notice: 'email' }
        },
      },
    ],
  }
}
