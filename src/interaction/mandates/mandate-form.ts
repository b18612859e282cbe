import { dayOf, endOfDay } from '../../mandates/calendar.ts'
import type { Lowering } from '../../mandates/narrowing.ts'
import { currencyOf, type MandateTerms } from '../../mandates/terms.ts'

/** A form as it was sent. */
type Form = Readonly<Record<string, string | undefined>>

/** The fields by which a customer lowers a mandate, with what is in them. */
export type MandateFields = {
  readonly perOrder?: AmountField
  readonly budget?: AmountField
  readonly orders?: { readonly value: string; readonly max: number }
  readonly until: { readonly value: string; readonly max: string }
}

/** An amount in the currency itself, as a number field takes it. */
type AmountField = { readonly value: string; readonly max: string; readonly step: string; readonly currency: string }

export const MANDATE_FIELDS = ['perOrder', 'budget', 'orders', 'until'] as const
export type MandateFieldName = (typeof MANDATE_FIELDS)[number]

export type ReadLowering =
  | { readonly lowering: Lowering }
  | { readonly problem: 'mandate-raised' | 'mandate-invalid'; readonly field: MandateFieldName }

/** What the form shows of these terms, or what was typed into it. */
export function mandateFields(terms: MandateTerms, timeZone: string, typed: Form = {}): MandateFields {
  const { per_order, budget, orders, expires_at } = terms
  const day = dayOf(expires_at, timeZone)
  return {
    ...(per_order && { perOrder: amountField(per_order, typed.perOrder) }),
    ...(budget && { budget: amountField(budget, typed.budget) }),
    ...(orders && { orders: { value: typed.orders ?? String(orders.max), max: orders.max } }),
    until: { value: typed.until ?? day, max: day },
  }
}

/** Reads what was typed. A field that is empty or as it was changes nothing, and nothing can be raised. */
export function readLowering(terms: MandateTerms, form: Form, timeZone: string): ReadLowering {
  const lowering: { -readonly [Name in keyof Lowering]: Lowering[Name] } = {}
  for (const field of MANDATE_FIELDS) {
    const text = form[field]?.trim() ?? ''
    if (text === '') continue
    const [value, most] = read(field, text, terms, timeZone)
    if (value === undefined || value < 1) return { problem: 'mandate-invalid', field }
    if (most === undefined || value > most) return { problem: 'mandate-raised', field }
    if (value < most) lowering[field === 'until' ? 'expiresAt' : field] = value
  }
  if (lowering.expiresAt !== undefined && lowering.expiresAt <= Date.now() / 1000)
    return { problem: 'mandate-invalid', field: 'until' }
  return { lowering }
}

/** What was typed, and the most that may be. */
function read(
  field: MandateFieldName,
  text: string,
  terms: MandateTerms,
  timeZone: string,
): [number | undefined, number | undefined] {
  const digits = digitsOf(currencyOf(terms))
  if (field === 'perOrder') return [toMinor(text, digits), terms.per_order?.amount]
  if (field === 'budget') return [toMinor(text, digits), terms.budget?.amount]
  if (field === 'orders') return [/^\d{1,9}$/.test(text) ? Number(text) : undefined, terms.orders?.max]
  // The day that the mandate ends on is no change.
  const end = text === dayOf(terms.expires_at, timeZone) ? terms.expires_at : endOfDay(text, timeZone)
  return [end, terms.expires_at]
}

function amountField(
  { amount, currency }: { readonly amount: number; readonly currency: string },
  typed: string | undefined,
): AmountField {
  const digits = digitsOf(currency)
  const max = toMajor(amount, digits)
  return { value: typed ?? max, max, step: toMajor(1, digits), currency }
}

/** How many digits a currency has behind the point: JPY none, KWD three (ISO 4217). */
export function digitsOf(currency: string): number {
  return new Intl.NumberFormat('en', { style: 'currency', currency }).resolvedOptions().maximumFractionDigits ?? 2
}

/** 1999 with two digits is 19.99. */
export function toMajor(amount: number, digits: number): string {
  const text = String(amount).padStart(digits + 1, '0')
  return digits === 0 ? text : `${text.slice(0, -digits)}.${text.slice(-digits)}`
}

/** 19.99 with two digits is 1999; undefined for what is no amount of the currency. */
function toMinor(text: string, digits: number): number | undefined {
  const [, whole, fraction = ''] = /^(\d{1,16})(?:[.,](\d{1,4}))?$/.exec(text) ?? []
  const kept = fraction.replace(/0+$/, '')
  if (whole === undefined || kept.length > digits) return undefined
  const amount = Number(whole + kept.padEnd(digits, '0'))
  return Number.isSafeInteger(amount) ? amount : undefined
}
