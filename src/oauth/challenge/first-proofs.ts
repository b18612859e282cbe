import { errors } from 'oidc-provider'
import type { Authenticate, Authentication, Proved } from '../../customers/authenticate.ts'
import type { Customer } from '../../customers/customer.ts'
import type { OneTimePasswords } from '../../customers/one-time-passwords.ts'
import type { PasskeyAuthentication } from '../../customers/passkeys/passkey-sign-in.ts'
import type { Proof, Proofs } from '../../customers/proof.ts'
import { placeOf } from './auth-sessions.ts'
import {
  type Asker,
  type LivePerson,
  type SignIn,
  type Taken,
  throttled,
  WRONG_CODE,
  WRONG_CREDENTIALS,
} from './sign-in.ts'

export type FirstProofsDeps = {
  /** Audited, counted, and under lockout, as at every other endpoint. */
  readonly authenticate: Authenticate
  /** Absent where no code by mail signs in. */
  readonly oneTimePasswords?: Pick<OneTimePasswords, 'request' | 'authenticate'> | undefined
  /** Absent where there are no passkeys. */
  readonly signInByPasskey?:
    | ((
        place: string,
        json: string,
        context: { readonly ip: string; readonly clientId: string },
      ) => Promise<PasskeyAuthentication>)
    | undefined
  readonly proofs: Pick<Proofs, 'make'>
}

const PASSWORD_AMR: readonly string[] = ['pwd']
const CODE_AMR: readonly string[] = ['otp']

/** How a sign-in begins: password, code by mail, passkey. They are the checks of every other endpoint. */
export function createFirstProofs({ authenticate, oneTimePasswords, signInByPasskey, proofs }: FirstProofsDeps) {
  const contextOf = (signIn: SignIn, { ip }: Asker) =>
    ({ ip, clientId: signIn.clientId, asksForCodeLater: true, place: placeOf(signIn.session) }) as const

  return {
    async password(signIn: SignIn, password: string, asker: Asker): Promise<Taken> {
      const { place: _place, ...context } = contextOf(signIn, asker)
      const authentication = await authenticate(loginOf(signIn), password, context)
      if (authentication.outcome === 'unconfirmed') {
        const proof = await proofs.make(authentication.customer.id)
        return proof
          ? proved(signIn, { customer: authentication.customer, proof }, { amr: PASSWORD_AMR, isUnconfirmed: true })
          : WRONG_CREDENTIALS
      }
      return settled(signIn, authentication, { amr: PASSWORD_AMR }) ?? WRONG_CREDENTIALS
    },

    /** In the background, whether or not there is an account. */
    mailCode(signIn: SignIn, asker: Asker): void {
      oneTimePasswords?.request(loginOf(signIn), asker, placeOf(signIn.session))
    },

    async code(signIn: SignIn, code: string, asker: Asker): Promise<Taken> {
      const login = loginOf(signIn)
      const authentication = await oneTimePasswords?.authenticate(login, code, contextOf(signIn, asker))
      if (!authentication) return WRONG_CODE
      // Who has the mailbox confirms the address where nobody else chose the password.
      if (authentication.outcome === 'unconfirmed') return { outcome: 'browser' }
      return settled(signIn, authentication, { amr: CODE_AMR, isByMail: true }) ?? WRONG_CODE
    },

    async passkey(signIn: SignIn, json: string, { ip }: Asker): Promise<Taken> {
      const context = { ip, clientId: signIn.clientId }
      const authentication = await signInByPasskey?.(placeOf(signIn.session), json, context)
      if (authentication?.outcome === 'unconfirmed') return { outcome: 'browser' }
      if (authentication?.outcome !== 'authenticated') return WRONG_CREDENTIALS
      return proved(signIn, authentication, { amr: authentication.amr, factorAtMs: Date.now() })
    },
  }
}

export type FirstProofs = ReturnType<typeof createFirstProofs>

type Shown = { readonly amr: readonly string[] } & Partial<
  Pick<LivePerson, 'isByMail' | 'isUnconfirmed' | 'factorAtMs'>
>

/** Undefined where what was typed is wrong. */
function settled(signIn: SignIn, authentication: Authentication, shown: Shown): Taken | undefined {
  switch (authentication.outcome) {
    case 'authenticated':
    case 'second-factor-required':
      return proved(signIn, authentication, shown)
    case 'locked':
      return throttled(authentication.retryAfterSeconds)
    case 'busy':
      return authentication
    default:
      return undefined
  }
}

/** Adds to what the same person has proved before; nobody else goes on with their sign-in. */
function proved(
  { person: before, customerId }: SignIn,
  { customer, proof, mustChangePassword }: Pick<Proved, 'mustChangePassword'> & { customer: Customer; proof: Proof },
  { amr, ...shown }: Shown,
): Taken {
  if (customerId !== undefined && customerId !== customer.id) return WRONG_CREDENTIALS
  return {
    outcome: 'proved',
    person: {
      ...before,
      ...shown,
      customer,
      proof,
      amr: [...new Set([...(before?.amr ?? []), ...amr])],
      provedAtMs: Date.now(),
      ...(mustChangePassword && { mustChangePassword }),
    },
  }
}

/** Who signs in: the person of the sign-in, or the login that was typed. */
export function loginOf({ person, username }: Pick<SignIn, 'person' | 'username'>): string {
  const login = person?.customer.email ?? username
  if (login === undefined || login === '') throw new errors.InvalidRequest('username is missing: it says who signs in')
  return login
}
