import type { MandateTerms } from '../../mandates/terms.ts'

const NOW = Date.UTC(2026, 5, 1, 12) / 1000
const eur = (amount: number) => ({ amount, currency: 'EUR' })

/** A purchase mandate that says everything one can say. */
export const MANDATE_TERMS: MandateTerms = {
  per_order: eur(5_000),
  budget: { ...eur(20_000), period: 'month' },
  orders: { max: 4, period: 'month' },
  merchants: ['https://shop.example'],
  categories: { scheme: 'shop', include: ['shoes'], exclude: ['gift-cards'] },
  not_before: NOW,
  expires_at: NOW + 30 * 86_400,
  ask_above: eur(3_000),
}

/** One in the list of an account. */
export const mandateSample = {
  id: 'sample',
  client: 'Price scout',
  terms: MANDATE_TERMS,
  currency: 'EUR',
  isPaused: true,
  since: NOW,
  usage: { spent: 7_500, orders: 2, captured: 5_000, open: 1, rows: 2 },
  remaining: { amount: 12_500, orders: 2, until: NOW + 30 * 86_400 },
  orders: [
    { order: '4711', amount: 2_500, state: 'held', heldAt: NOW },
    { order: '4710', amount: 5_000, state: 'captured', heldAt: NOW - 3600 },
  ],
  lower: '/account/apps/mandate-lower?id=sample',
}
