import { currencyOf, type MandateTerms, type Money } from './terms.ts'

/** Whether everything that `asked` allows is allowed by `granted` as well. */
export function isWithin(asked: MandateTerms, granted: MandateTerms): boolean {
  return (
    currencyOf(asked) === currencyOf(granted) &&
    isAtMost(asked.per_order, granted.per_order) &&
    isAtMost(asked.budget, granted.budget) &&
    isAtMost(asked.ask_above, granted.ask_above) &&
    asked.expires_at <= granted.expires_at &&
    (asked.not_before ?? 0) >= (granted.not_before ?? 0) &&
    hasNoMoreOrders(asked, granted) &&
    (!granted.budget || asked.budget?.period === granted.budget.period) &&
    hasNoOther(asked.merchants, granted.merchants) &&
    hasNoOther(asked.categories?.include, granted.categories?.include) &&
    (granted.categories?.exclude ?? []).every((name) => asked.categories?.exclude?.includes(name)) &&
    hasNoOther(asked.locations, granted.locations)
  )
}

/** What both allow. `token` says less where its client asked for less; the mandate where its customer narrowed it since. */
export function tighter(token: Partial<MandateTerms>, mandate: MandateTerms): MandateTerms {
  const { budget, orders } = mandate
  return {
    ...mandate,
    ...lesser('per_order', token.per_order, mandate.per_order),
    ...lesser('ask_above', token.ask_above, mandate.ask_above),
    ...((budget ?? token.budget) && {
      budget: budget && token.budget ? smaller(token.budget, budget) : (budget ?? token.budget),
    }),
    ...((orders ?? token.orders) && {
      orders:
        orders && token.orders ? (token.orders.max < orders.max ? token.orders : orders) : (orders ?? token.orders),
    }),
    ...(token.merchants && { merchants: token.merchants }),
    ...(token.categories && { categories: token.categories }),
    ...(token.not_before !== undefined && { not_before: Math.max(token.not_before, mandate.not_before ?? 0) }),
    expires_at: Math.min(token.expires_at ?? mandate.expires_at, mandate.expires_at),
  }
}

/** What a customer wants a mandate to be lowered to; a member that is absent stays as it is. */
export type Lowering = {
  readonly perOrder?: number
  readonly budget?: number
  readonly orders?: number
  /** Epoch seconds. */
  readonly expiresAt?: number
}

export type Lowered = { readonly terms: MandateTerms } | { readonly raised: keyof Lowering }

/** Lowers ceilings and brings the end forward; nothing can be raised, and no ceiling can be added where there is none. */
export function lower(terms: MandateTerms, { perOrder, budget, orders, expiresAt }: Lowering): Lowered {
  if (isRaised(perOrder, terms.per_order?.amount)) return { raised: 'perOrder' }
  if (isRaised(budget, terms.budget?.amount)) return { raised: 'budget' }
  if (isRaised(orders, terms.orders?.max)) return { raised: 'orders' }
  if (isRaised(expiresAt, terms.expires_at)) return { raised: 'expiresAt' }
  return {
    terms: {
      ...terms,
      ...(terms.per_order && { per_order: { ...terms.per_order, amount: perOrder ?? terms.per_order.amount } }),
      ...(terms.budget && { budget: { ...terms.budget, amount: budget ?? terms.budget.amount } }),
      ...(terms.orders && { orders: { ...terms.orders, max: orders ?? terms.orders.max } }),
      expires_at: expiresAt ?? terms.expires_at,
    },
  }
}

function isRaised(wanted: number | undefined, granted: number | undefined): boolean {
  return wanted !== undefined && (granted === undefined || wanted > granted || wanted < 1)
}

function isAtMost(asked: Money | undefined, granted: Money | undefined): boolean {
  return !granted || (asked !== undefined && asked.amount <= granted.amount)
}

function hasNoMoreOrders({ orders: asked }: MandateTerms, { orders: granted }: MandateTerms): boolean {
  return !granted || (asked !== undefined && asked.period === granted.period && asked.max <= granted.max)
}

function hasNoOther(asked: readonly string[] | undefined, granted: readonly string[] | undefined): boolean {
  return !granted || (asked?.every((name) => granted.includes(name)) ?? false)
}

function lesser<Name extends 'per_order' | 'ask_above'>(
  name: Name,
  one: Money | undefined,
  other: Money | undefined,
): Partial<Pick<MandateTerms, Name>> {
  const least = one && other ? smaller(one, other) : (one ?? other)
  return (least ? { [name]: least } : {}) as Partial<Pick<MandateTerms, Name>> // a computed name is no literal to the compiler
}

function smaller<Limit extends { readonly amount: number }>(one: Limit, other: Limit): Limit {
  return one.amount < other.amount ? one : other
}
