import { z } from 'zod'
import type { ClientMetadata } from '../../clients/client.ts'
import type { StoredHold } from '../../mandates/hold-rows.ts'
import type { Mandate, Remaining } from '../../mandates/mandate.ts'
import type { Mandates } from '../../mandates/mandates.ts'
import type { Limit, Spending, Spent } from '../../mandates/spending.ts'
import { amount, categoryName, currency, merchant, orderName } from '../../mandates/terms.ts'

export type HoldsDeps = {
  readonly mandates: Pick<Mandates, 'find' | 'withdraw' | 'noteSpending'>
  readonly spending: Pick<Spending, 'place' | 'capture' | 'release'>
  /** Whether the sign-in that a mandate hangs from works still, with its client and its customer. */
  readonly isSignInLive: (mandate: Mandate) => Promise<boolean>
  /** Whether a client may spend for this resource server: what it may introspect. */
  readonly covers: (caller: ClientMetadata, resource: string) => boolean
  readonly findClient: (clientId: string) => Promise<ClientMetadata | undefined>
  /** Told of each purchase, once it is captured. */
  readonly onCaptured: (mandate: Mandate) => void
}

/** An answer: JSON, or problem details (RFC 9457) from 400 on. */
export type HoldAnswer = { readonly status: number; readonly body: object }

/** What a shop asks: the path's names, and the body. */
export type HoldAsk = {
  readonly clientId: string
  readonly mandateId: string
  readonly holdId?: string | undefined
  readonly act: 'place' | 'capture' | 'release'
  readonly body: Readonly<Record<string, unknown>>
}

const MOST_CATEGORIES = 50
const placeBody = z.strictObject({
  order: orderName,
  amount,
  currency,
  categories: z.array(categoryName).max(MOST_CATEGORIES).optional(),
  merchant: merchant.optional(),
  ap2_mandate_hash: z
    .string()
    .regex(/^[\w+/=:.-]{1,200}$/, 'must be a hash of at most 200 characters')
    .optional(),
})
const captureBody = z.strictObject({ amount: amount.optional() })
const releaseBody = z.strictObject({})

/** Spending under a mandate: what a shop's checkout asks. */
export function createHolds(deps: HoldsDeps) {
  const { mandates, spending } = deps

  return async function answerHold(ask: HoldAsk): Promise<HoldAnswer> {
    const step = readStep(ask)
    if ('fault' in step) return problem(400, 'invalid-request', step.fault)
    const mandate = await ownMandate(ask)
    // The same words for one of another shop: which mandates there are is nobody's business.
    if (!mandate) return problem(404, 'not-found', 'there is no such mandate for this client')
    const isLive = await deps.isSignInLive(mandate)
    // Giving back is never too late.
    if (!isLive && mandate.withdrawnAt === undefined && ask.act !== 'release') {
      await mandates.withdraw(mandate.id, { by: 'server' })
      return problem(410, 'mandate-over', 'the link that the mandate hangs from has ended')
    }
    const spent = await run(step, ask)
    note(mandate, ask, spent)
    return toAnswer(spent)
  }

  async function ownMandate({ mandateId, clientId }: HoldAsk): Promise<Mandate | undefined> {
    const [mandate, caller] = await Promise.all([mandates.find(mandateId), deps.findClient(clientId)])
    return mandate && caller && deps.covers(caller, mandate.resource) ? mandate : undefined
  }

  function run(step: Step, { mandateId, holdId = '', clientId }: HoldAsk): Promise<Spent> {
    if (step.act === 'capture') return spending.capture(mandateId, holdId, step.amount)
    if (step.act === 'release') return spending.release(mandateId, holdId)
    const { ap2_mandate_hash: evidence, categories = [], ...order } = step.order
    return spending.place(mandateId, { ...order, categories, evidence, placedBy: clientId })
  }

  function note(mandate: Mandate, { act, clientId: by, body }: HoldAsk, spent: Spent): void {
    if (spent.outcome === 'exceeded') {
      const reason = `${spent.limit}: order ${String(body.order)}, ${String(body.amount)} ${String(body.currency)}`
      mandates.noteSpending('mandate.exceeded', mandate, { reason, by })
    }
    if (spent.outcome !== 'done' || !spent.isNew) return
    const { order, amount: held } = spent.hold
    const type = ({ place: 'mandate.held', capture: 'mandate.captured', release: 'mandate.released' } as const)[act]
    mandates.noteSpending(type, mandate, { reason: `order ${order}, ${held}`, by })
    if (act === 'capture') deps.onCaptured(mandate)
  }
}

type Step =
  | { readonly act: 'place'; readonly order: z.output<typeof placeBody> }
  | { readonly act: 'capture'; readonly amount: number | undefined }
  | { readonly act: 'release' }

function readStep({ act, body }: HoldAsk): Step | { readonly fault: string } {
  if (act === 'place') {
    const read = placeBody.safeParse(body)
    return read.success ? { act, order: read.data } : { fault: faultOf(read.error) }
  }
  if (act === 'capture') {
    const read = captureBody.safeParse(body)
    return read.success ? { act, amount: read.data.amount } : { fault: faultOf(read.error) }
  }
  const read = releaseBody.safeParse(body)
  return read.success ? { act } : { fault: faultOf(read.error) }
}

function faultOf({ issues: [issue] }: z.ZodError): string {
  return issue ? `${issue.path.join('.') || 'the body'}: ${issue.message}` : 'the body is not valid'
}

const LIMITS: Readonly<Record<Limit, string>> = {
  currency: 'the mandate is for another currency',
  per_order: 'the order costs more than one order may',
  budget: 'the order costs more than is left of the budget',
  orders: 'no order is left in this period',
  merchants: 'the merchant is not one of the mandate',
  categories: 'a category of the order is not allowed, or the order names none',
  not_before: 'the mandate does not hold yet',
  open_holds: 'too many orders are held at a time; capture or release one',
  kept_holds: 'too many orders were held under this mandate; ask for another mandate',
}

function toAnswer(spent: Spent): HoldAnswer {
  switch (spent.outcome) {
    case 'done':
      return { status: spent.isNew && spent.hold.state !== 'held' ? 200 : statusOf(spent.hold), body: said(spent) }
    case 'exceeded': {
      const { limit, remaining } = spent
      return problem(409, 'mandate-exceeded', LIMITS[limit], { limit, remaining })
    }
    case 'approval-required':
      return problem(
        409,
        'approval-required',
        'the customer must approve an order of this amount: the client asks for it at the authorization endpoint, with "approve" in its authorization_details',
        { remaining: spent.remaining },
      )
    case 'conflict':
      return problem(409, 'hold-conflict', spent.reason)
    case 'paused':
      return problem(409, 'mandate-paused', 'the customer has paused the mandate')
    case 'over':
      return problem(410, 'mandate-over', spent.reason)
    case 'unknown':
      return problem(404, 'not-found', 'there is no such hold of this mandate')
  }
}

/** A hold that is placed again is answered as it was the first time. */
function statusOf({ state }: StoredHold): number {
  return state === 'held' ? 201 : 200
}

function said({ hold, remaining }: { readonly hold: StoredHold; readonly remaining: Remaining }): object {
  const { id, order, state, amount: counted, lapsesAt } = hold
  return { hold: id, order, state, amount: counted, ...(state === 'held' && { expires_at: lapsesAt }), remaining }
}

const TITLES: Readonly<Record<number, string>> = {
  400: 'Bad request',
  404: 'Not found',
  409: 'Conflict',
  410: 'Gone',
  413: 'Too large',
  415: 'Unsupported media type',
}

/** Problem details whose `type` is a name of ours. */
export function problem(status: number, type: string, detail: string, more: object = {}): HoldAnswer {
  return { status, body: { type, title: TITLES[status] ?? 'Refused', status, detail, ...more } }
}
