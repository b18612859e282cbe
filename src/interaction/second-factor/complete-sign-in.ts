import type { Context } from 'koa'
import type { Customer } from '../../customers/customer.ts'
import type { Measured, Proofs } from '../../customers/proof.ts'
import type { Interaction, Interactions, LiveSession } from '../../oauth/browser/interactions.ts'
import type { SignedIn } from '../step.ts'
import type { MeasuredSignIn } from './staged-factor.ts'

/** What is told of the second half of a sign-in. */
export type SecondHalf = {
  readonly customerId: string
  readonly outcome: 'authenticated' | 'wrong-code' | 'locked'
  /** How, for the audit trail. */
  readonly way?: string
  readonly ip: string
  readonly clientId: string
}

export type CompleteDeps = {
  readonly interactions: Pick<Interactions, 'finishLogin'>
  readonly proofs: Pick<Proofs, 'make' | 'measure'>
  /** Makes the browser known to the lockout, as after any right password. */
  readonly markBrowser: (ctx: Context, login: string) => Promise<void>
  readonly tell: (half: SecondHalf) => void
  /** Takes over when the password must be changed. */
  readonly demandChange?: ((ctx: Context, interaction: Interaction, signedIn: SignedIn) => Promise<void>) | undefined
}

export type Complete = ReturnType<typeof createComplete>

/** The end of a sign-in with a second factor, where everything was right, and what is told of one where it was not. */
export function createComplete({ interactions, proofs, markBrowser, tell, demandChange }: CompleteDeps) {
  const where = (ctx: Context, { client }: Interaction) => ({ ip: ctx.ip, clientId: client.clientId })

  async function complete(ctx: Context, interaction: Interaction, signIn: MeasuredSignIn, way: string): Promise<void> {
    const { customer, proof, amr, remember, mustChangePassword, authTime, upstream } = signIn
    tell({ customerId: customer.id, outcome: 'authenticated', way, ...where(ctx, interaction) })
    await markBrowser(ctx, customer.email)
    if (mustChangePassword && demandChange) return demandChange(ctx, interaction, { customer, proof, amr, remember })
    await interactions.finishLogin(ctx, { proof, amr, remember, authTime, upstream })
  }

  return Object.assign(complete, {
    refused(ctx: Context, interaction: Interaction, { id }: Customer, outcome: 'wrong-code' | 'locked'): void {
      tell({ customerId: id, outcome, ...where(ctx, interaction) })
    },

    /** The customer of a session while nothing has ended it, with a proof that is as old as the session. */
    async findSession({ customerId, signedInAtMs }: LiveSession): Promise<Measured | undefined> {
      const now = await proofs.make(customerId)
      const proof = now && { ...now, madeAtMs: signedInAtMs }
      const found = proof && (await proofs.measure(proof))
      return found && { ...found, proof }
    },
  })
}
