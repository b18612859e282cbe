import type { Context } from 'koa'
import type { Customer } from '../customers/customer.ts'
import type { Proof } from '../customers/proof.ts'
import type { Interaction } from '../oauth/browser/interactions.ts'
import type { Form } from './standalone-forms.ts'

/** What a form of an interaction does. */
export type Step = (ctx: Context, interaction: Interaction, form: Form) => Promise<void>

/** A customer who has proved who they are, before the sign-in is complete. */
export type SignedIn = {
  readonly customer: Customer
  readonly proof: Proof
  /** How they did (RFC 8176). */
  readonly amr: readonly string[]
  readonly remember: boolean
}
