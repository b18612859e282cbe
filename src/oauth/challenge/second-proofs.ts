import type { Factor } from '../../credentials/factor-guard.ts'
import type { Proofs } from '../../customers/proof.ts'
import type { CustomerFactors } from '../../customers/second-factor/customer-factors.ts'
import { MAILED_CODE_AMR, SECOND_FACTOR_AMR } from '../accounts/acr.ts'
import { placeOf } from './auth-sessions.ts'
import { type Asker, type LivePerson, type SignIn, type Taken, throttled, WRONG_CODE } from './sign-in.ts'

/** What is told of a second factor, for the audit trail. */
export type SecondHalf = {
  readonly customerId: string
  readonly outcome: 'authenticated' | 'wrong-code' | 'locked'
  readonly way?: string
  readonly ip: string
  readonly clientId: string
}

export type SecondProofsDeps = {
  readonly factors: Pick<CustomerFactors, 'redeem' | 'mailedCodes' | 'confirmingCodes'>
  readonly proofs: Pick<Proofs, 'make' | 'measure'>
  /** Marks an address as confirmed while it is the customer's; absent where customers are not ours. */
  readonly confirmEmail?: ((customerId: string, email: string) => Promise<boolean>) | undefined
  readonly tell: (half: SecondHalf) => void
  /** Makes the place known to the lockout, as after any right password. */
  readonly rememberPlace: (login: string, ip: string) => Promise<void>
}

/** After the first proof: the code of an app, of paper or of a mail, and the mail that confirms an address. */
export function createSecondProofs({ factors, proofs, confirmEmail, tell, rememberPlace }: SecondProofsDeps) {
  async function redeem(signIn: Begun, factor: Factor, code: string, asker: Asker): Promise<Taken | undefined> {
    const { person, session, clientId } = signIn
    const { customer } = person
    const { ip, languages } = asker
    const shown = { customer, factor, code: code.trim(), ip, languages, place: placeOf(session) }
    const redeemed = await factors.redeem(shown)
    const half = { customerId: customer.id, ip, clientId }
    if (redeemed.outcome === 'right') return undefined
    tell({ ...half, outcome: redeemed.outcome === 'locked' ? 'locked' : 'wrong-code' })
    return redeemed.outcome === 'locked' ? throttled(redeemed.retryAfterSeconds) : WRONG_CODE
  }

  async function proved(signIn: Begun, factor: Factor, asker: Asker): Promise<Taken> {
    const { person, clientId } = signIn
    const { customer } = person
    const amr = factor === 'mail' ? MAILED_CODE_AMR : SECOND_FACTOR_AMR
    const way = `with a second factor: ${factor}`
    tell({ customerId: customer.id, outcome: 'authenticated', way, ip: asker.ip, clientId })
    await rememberPlace(customer.email, asker.ip)
    const at = Date.now()
    return {
      outcome: 'proved',
      person: {
        ...person,
        amr: [...new Set([...person.amr, ...amr])],
        provedAtMs: at,
        ...(factor !== 'mail' && { factorAtMs: at }),
      },
    }
  }

  async function show(signIn: Begun, factor: Factor, code: string, asker: Asker): Promise<Taken> {
    return (await redeem(signIn, factor, code, asker)) ?? proved(signIn, factor, asker)
  }

  return {
    totp: (signIn: Begun, code: string, asker: Asker) => show(signIn, 'app', code, asker),
    recoveryCode: (signIn: Begun, code: string, asker: Asker) => show(signIn, 'recovery', code, asker),

    /** False where too many were asked for. */
    async mailCode({ person, session }: Begun, asker: Asker): Promise<boolean> {
      const codes = person.isUnconfirmed ? factors.confirmingCodes : factors.mailedCodes
      return (await codes?.send({ customer: person.customer, place: placeOf(session) }, asker)) === true
    },

    /** The code of a mail: a second factor, or what confirms the address of a person whose password was right. */
    async mailedCode(signIn: Begun, code: string, asker: Asker): Promise<Taken> {
      if (!signIn.person.isUnconfirmed) return show(signIn, 'mail', code, asker)
      const refused = await redeem(signIn, 'mail', code, asker)
      return refused ?? confirmed(signIn, asker)
    },
  }

  async function confirmed({ person, clientId }: Begun, { ip }: Asker): Promise<Taken> {
    const { id, email } = person.customer
    if (!(await confirmEmail?.(id, email))) return { outcome: 'ended' }
    const proof = await proofs.make(id)
    const found = proof && (await proofs.measure(proof))
    if (!found) return { outcome: 'ended' }
    const way = 'with the password, and a code by mail that confirmed the address'
    tell({ customerId: id, outcome: 'authenticated', way, ip, clientId })
    const { isUnconfirmed: _isUnconfirmed, ...kept } = person
    const amr = [...new Set([...person.amr, ...MAILED_CODE_AMR])]
    return { outcome: 'proved', person: { ...kept, customer: found.customer, proof, amr, provedAtMs: Date.now() } }
  }
}

export type SecondProofs = ReturnType<typeof createSecondProofs>

/** A sign-in with a person. */
export type Begun = SignIn & { readonly person: LivePerson }
