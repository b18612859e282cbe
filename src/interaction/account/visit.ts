import type { Context } from 'koa'
import type { Customer } from '../../customers/customer.ts'
import type { Asker } from '../../customers/recovery/recovery-letters.ts'
import type { OwnSession } from '../../oauth/browser/own-sessions.ts'

/** A request of a customer who is signed in with this browser. */
export type Visit = {
  readonly ctx: Context
  readonly session: OwnSession
  readonly customer: Customer
  /** BCP 47 tags, best first: the customer's own language before those of the browser. */
  readonly languages: readonly string[]
  /** The address of a page or an act below `/account`, in the languages of this page. */
  addressOf(path: string): string
  /** Asks for letters: from where, in which languages, and the mark of this browser. */
  asker(): Asker & { readonly browser: string }
  /** The form of an act: where it is sent, and the token that makes it genuine. */
  form(actPath: string): FormView
}

/** What every form needs. */
export type FormView = { readonly action: string; readonly csrf: string }
