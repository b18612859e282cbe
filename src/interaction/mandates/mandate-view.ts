import type { MandateTerms } from '../../mandates/terms.ts'
import type { AskedMandate } from '../../oauth/mandates/consent.ts'
import { type MandateFields, mandateFields } from './mandate-form.ts'

/** What a client wants to buy, as a page shows it. */
export type MandateView = {
  readonly terms: MandateTerms
  /** The form that lowers it. */
  readonly lower?: MandateFields
  /** One order above `ask_above`, that is asked about. */
  readonly approval?: { readonly order: string; readonly amount: number; readonly currency: string }
}

/** Undefined for what is over: no page asks about it. */
export function mandateView(
  asked: AskedMandate,
  timeZone: string,
  typed?: Readonly<Record<string, string>>,
): MandateView | undefined {
  if (asked.kind === 'over') return undefined
  if (asked.kind === 'approval') return { terms: asked.mandate.terms, approval: asked.approval }
  return { terms: asked.terms, lower: mandateFields(asked.terms, timeZone, typed) }
}
