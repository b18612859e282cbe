import { z } from 'zod'
import { isPlain } from '../plain-text.ts'

/** The type of authorization details (RFC 9396 §2) that a purchase mandate is asked for by. */
export const MANDATE_TYPE = 'urn:vestibule:purchase-mandate:1'

export const PERIODS = ['once', 'day', 'week', 'month', 'year'] as const
export type Period = (typeof PERIODS)[number]

const MOST_NAMES = 20
const MOST_MERCHANTS = 10
const LONGEST_NAME = 64

const CURRENCIES: ReadonlySet<string> = new Set(Intl.supportedValuesOf('currency'))

/** An amount in the smallest unit of its currency: 1999 EUR are 19.99 euros. */
export const amount = z
  .int('must be a whole number of the smallest unit of the currency')
  .positive('must be above zero')
export const currency = z.string().refine((code) => CURRENCIES.has(code), 'must be a currency of ISO 4217, such as EUR')

const money = z.strictObject({ amount, currency })
const period = z.enum(PERIODS, `must be one of ${PERIODS.join(', ')}`)
const PLAIN = 'must be one line without control or direction characters'
const isText = (text: string) => isPlain(text) && text.isWellFormed()
/** A category of goods, as the shop names it. */
export const categoryName = z.string().min(1).max(LONGEST_NAME).refine(isText, PLAIN)
/** An order, as the shop names it. */
export const orderName = z.string().min(1).max(128).refine(isText, PLAIN)
const categoryNames = z.array(categoryName).min(1).max(MOST_NAMES)
/** The origin of a merchant. */
export const merchant = z
  .string()
  .max(255)
  .refine(
    (text) => URL.canParse(text) && new URL(text).origin === text,
    'must be an origin, such as https://shop.example',
  )
const instant = z.int('must be a time in seconds since 1970').positive()

/** Every member of a mandate but `type`, `mandate_id` and `approve`. */
const members = {
  locations: z.array(z.string().max(255).refine(isText, PLAIN)).length(1, 'must name one resource').optional(),
  actions: z.tuple([z.literal('checkout')], 'must be ["checkout"]').optional(),
  per_order: money.optional(),
  budget: money.extend({ period }).optional(),
  orders: z.strictObject({ max: z.int().min(1).max(1_000_000), period }).optional(),
  merchants: z.array(merchant).min(1).max(MOST_MERCHANTS).optional(),
  categories: z
    .strictObject({
      scheme: z.literal('shop', 'must be shop: the categories of the shop itself'),
      include: categoryNames.optional(),
      exclude: categoryNames.optional(),
    })
    .optional(),
  not_before: instant.optional(),
  expires_at: instant,
  ask_above: money.optional(),
}

const termsSchema = z.strictObject(members)

/** What a mandate allows: every member narrows it. */
export type MandateTerms = z.output<typeof termsSchema>

/** A ceiling with its currency. */
export type Money = z.output<typeof money>

const approveSchema = z.strictObject({
  order: orderName,
  amount,
  currency,
})

/** One order above `ask_above`, that its customer is asked about. */
export type AskedApproval = z.output<typeof approveSchema> & { readonly mandateId: string }

/** What authorization details of our type ask for. */
export type AskedDetail =
  | { readonly kind: 'mandate'; readonly terms: MandateTerms; readonly mandateId?: string }
  | { readonly kind: 'approval'; readonly approval: AskedApproval; readonly location?: string }

export type ReadDetail = AskedDetail | { readonly kind: 'fault'; readonly fault: string }

/** What a mandate is measured against. */
export type TermsLimits = {
  /** Epoch seconds. */
  readonly now: number
  readonly maxDays: number
}

const DAY_SECONDS = 86_400
const mandateId = z.uuid('must be the id of a mandate')
const approvalSchema = z.strictObject({ mandate_id: mandateId, approve: approveSchema, locations: members.locations })

/** Reads authorization details of our type, without their `type`: a mandate that is asked for, or an approval under one. */
export function readDetail(given: Readonly<Record<string, unknown>>, limits: TermsLimits): ReadDetail {
  const { type: _type, ...detail } = given
  if (detail.approve !== undefined) return readApproval(detail)
  const { mandate_id, ...asked } = detail
  const named = mandate_id === undefined ? undefined : mandateId.safeParse(mandate_id)
  if (named?.error) return fault(`mandate_id: ${firstIssue(named.error)}`)
  const read = termsSchema.safeParse(asked)
  if (!read.success) return fault(firstIssue(read.error))
  const contradiction = contradictionIn(read.data, limits)
  if (contradiction !== undefined) return fault(contradiction)
  return { kind: 'mandate', terms: read.data, ...(named?.data !== undefined && { mandateId: named.data }) }
}

function readApproval(detail: object): ReadDetail {
  const read = approvalSchema.safeParse(detail)
  if (!read.success) return fault(firstIssue(read.error))
  const { mandate_id, approve, locations } = read.data
  const location = locations?.[0]
  return {
    kind: 'approval',
    approval: { ...approve, mandateId: mandate_id },
    ...(location !== undefined && { location }),
  }
}

function contradictionIn(terms: MandateTerms, { now, maxDays }: TermsLimits): string | undefined {
  const { per_order, budget, ask_above, not_before, expires_at } = terms
  if (!per_order && !budget) return 'per_order or budget: one of the two is needed'
  const currencies = new Set([per_order, budget, ask_above].flatMap((given) => given?.currency ?? []))
  if (currencies.size > 1) return `currency: ${[...currencies].join(' and ')}, a mandate has one currency`
  if (expires_at <= now) return 'expires_at: is over'
  if (expires_at > now + maxDays * DAY_SECONDS) return `expires_at: at most ${maxDays} days from now`
  if (not_before !== undefined && not_before >= expires_at) return 'not_before: must be before expires_at'
  return undefined
}

function fault(text: string): ReadDetail {
  return { kind: 'fault', fault: text }
}

/** Which member is wrong and why, of the first that is. */
function firstIssue(error: z.ZodError): string {
  const [issue] = error.issues
  if (!issue) return 'is not valid'
  if (issue.code === 'unrecognized_keys') return `${issue.keys.join(', ')}: not a member of a purchase mandate`
  return `${issue.path.join('.') || 'the mandate'}: ${issue.message}`
}

/** The currency of every amount of a mandate. */
export function currencyOf({ per_order, budget }: MandateTerms): string {
  return (per_order ?? budget)?.currency ?? ''
}
