import type { Audit } from '../../audit/events.ts'
import { networkOf } from '../../credentials/ip-network.ts'
import { isActiveCompanyUser, PRIVATE_PERSON } from '../../customers/customer.ts'
import type { PasswordChange } from '../../customers/recovery/recovery-password-change.ts'
import type { Begun } from './second-proofs.ts'
import type { Asker, Taken } from './sign-in.ts'

export type AccountStepsDeps = {
  /** Absent where passwords are not ours. */
  readonly passwordChange?: PasswordChange | undefined
  /** Notes that a customer chose to act as a company user; absent where companies are not ours. */
  readonly noteChosen?: ((customerId: string, companyUserId: string) => Promise<unknown>) | undefined
  readonly audit: Audit
}

/** What a person settles before the sign-in is complete: another password, and the company to act for. */
export function createAccountSteps({ passwordChange, noteChosen, audit }: AccountStepsDeps) {
  return {
    async newPassword({ person }: Begun, password: string, { ip, languages }: Asker): Promise<Taken> {
      const { customer } = person
      const prepared = await passwordChange?.prepare(password, customer.email, networkOf(ip))
      if (!prepared || !passwordChange) return { outcome: 'browser' }
      if (prepared.outcome === 'busy') return prepared
      if (prepared.outcome === 'refused') {
        const code = `password_${prepared.reason.replaceAll('-', '_')}`
        return { outcome: 'problem', problem: { code }, isGuess: false }
      }
      const proof = await passwordChange.apply(person, prepared.password, languages)
      if (!proof) return { outcome: 'ended' }
      const { mustChangePassword: _mustChangePassword, ...kept } = person
      return { outcome: 'proved', person: { ...kept, proof, provedAtMs: Date.now() } }
    },

    async company({ person, clientId }: Begun, chosen: string, { ip, requestId }: Asker): Promise<Taken> {
      const { customer } = person
      const isPrivate = chosen === PRIVATE_PERSON
      const isOwn = customer.companyUsers.filter(isActiveCompanyUser).some(({ id }) => id === chosen)
      if (!isPrivate && !isOwn) return { outcome: 'problem', problem: { code: 'unknown_company' }, isGuess: true }
      if (isOwn) await noteChosen?.(customer.id, chosen)
      const reason = isPrivate ? 'a private person' : `company user ${chosen}`
      audit({ type: 'company.chosen', customerId: customer.id, clientId, ip, requestId, reason })
      return { outcome: 'proved', person: { ...person, companyUserId: chosen } }
    },
  }
}

export type AccountSteps = ReturnType<typeof createAccountSteps>
