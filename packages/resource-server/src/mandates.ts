import type { Access } from './claims.ts'
import { formEncoded } from './introspection.ts'
import { createAsk, jsonObject } from './outgoing.ts'

const TYPE = 'urn:vestibule:purchase-mandate:1'
const MAX_BYTES = 65_536

/** An amount in the smallest unit of its currency. */
export type Money = { readonly amount: number; readonly currency: string }

/** What is left of a mandate; of a token that was checked by its signature it is not known. */
export type Remaining = { readonly amount: number; readonly orders?: number; readonly until: number }

/** A purchase mandate that an access token carries. A token that would have been too large has its id alone: introspection says the rest. */
export type PurchaseMandate = {
  readonly mandate_id: string
  readonly per_order?: Money
  readonly budget?: Money & { readonly period: string }
  readonly orders?: { readonly max: number; readonly period: string }
  readonly merchants?: readonly string[]
  readonly categories?: {
    readonly scheme: string
    readonly include?: readonly string[]
    readonly exclude?: readonly string[]
  }
  readonly not_before?: number
  readonly expires_at?: number
  readonly ask_above?: Money
  readonly paused?: boolean
  readonly remaining?: Remaining
}

/** The purchase mandates of a token; none where its client has none. */
export function mandatesOf({ claims }: Pick<Access, 'claims'>): readonly PurchaseMandate[] {
  const { authorization_details: details } = claims
  if (!Array.isArray(details)) return []
  return details.filter(
    (each): each is PurchaseMandate =>
      typeof each === 'object' && each !== null && each.type === TYPE && typeof each.mandate_id === 'string',
  )
}

/** An order that an amount is held for. */
export type Order = Money & {
  readonly order: string
  readonly categories?: readonly string[]
  readonly merchant?: string
  readonly ap2_mandate_hash?: string
}

/** What the server answered: a hold, or why there is none. */
export type HoldAnswer =
  | {
      readonly isHeld: true
      readonly hold: string
      readonly order: string
      readonly state: 'held' | 'captured' | 'released'
      readonly amount: number
      readonly remaining: Remaining
    }
  | {
      readonly isHeld: false
      /** `mandate-exceeded`, `approval-required`, `mandate-paused`, `hold-conflict`, `mandate-over`, `not-found` or `invalid-request`. */
      readonly problem: string
      readonly detail: string
      /** Of `mandate-exceeded`: which ceiling. */
      readonly limit?: string
      readonly remaining?: Remaining
    }

export type MandateSpendingOptions = {
  /** The issuer of the authorization server. */
  readonly issuer: string
  /** A client whose `introspects` has the resource server. */
  readonly clientId: string
  readonly clientSecret: string
  readonly fetch?: typeof fetch
  /** 5000 unless said otherwise. */
  readonly timeoutMs?: number
}

export type MandateSpending = {
  /** Holds an amount for an order. The same order and amount once more is the same hold. */
  hold(mandateId: string, order: Order): Promise<HoldAnswer>
  /** Takes what is held, or less. */
  capture(mandateId: string, hold: string, amount?: number): Promise<HoldAnswer>
  /** Gives back what is held. */
  release(mandateId: string, hold: string): Promise<HoldAnswer>
}

/** Spends purchase mandates. Each call throws where the server cannot be asked: ask again, the order makes it the same hold. */
export function createMandateSpending(options: MandateSpendingOptions): MandateSpending {
  const { issuer, clientId, clientSecret, timeoutMs = 5000 } = options
  const ask = createAsk(options.fetch ?? fetch, timeoutMs)
  const authorization = `Basic ${btoa(`${formEncoded(clientId)}:${formEncoded(clientSecret)}`)}`
  const holds = (mandateId: string) => `${issuer.replace(/\/$/, '')}/mandates/${encodeURIComponent(mandateId)}/holds`

  async function send(url: string, body: object): Promise<HoldAnswer> {
    const { status, body: answer } = await ask(url, {
      method: 'POST',
      maxBytes: MAX_BYTES,
      headers: { authorization, accept: 'application/json', 'content-type': 'application/json' },
      body: JSON.stringify(body),
    })
    if (status === 401 || status === 429 || status >= 500) throw new Error(`the mandate endpoint answered ${status}`)
    const said = jsonObject(answer)
    if (status < 300) return { isHeld: true, ...said } as HoldAnswer // as the server writes it
    const { type, detail, limit, remaining } = said
    const why = { problem: String(type ?? 'refused'), detail: String(detail ?? `answered ${status}`) }
    return {
      isHeld: false,
      ...why,
      ...(typeof limit === 'string' && { limit }),
      ...(typeof remaining === 'object' && remaining !== null && { remaining: remaining as Remaining }), // as above
    }
  }

  return {
    hold: (mandateId, order) => send(holds(mandateId), order),
    capture: (mandateId, hold, amount) =>
      send(`${holds(mandateId)}/${encodeURIComponent(hold)}/capture`, amount === undefined ? {} : { amount }),
    release: (mandateId, hold) => send(`${holds(mandateId)}/${encodeURIComponent(hold)}/release`, {}),
  }
}
