import { type Mandate, stateOf } from '../../mandates/mandate.ts'
import type { Spending } from '../../mandates/spending.ts'
import type { MandateTerms } from '../../mandates/terms.ts'
import type { FoundToken } from '../tokens/found-token.ts'
import { detailOf } from './authorization-details.ts'

export type DetailsNowDeps = {
  readonly findMandates: (ids: readonly string[]) => Promise<readonly Mandate[]>
  readonly usage: Spending['usage']
}

/** What introspection says of the mandates of a token: what both the token and the mandate allow now, and what is left. */
export function createDetailsNow({ findMandates, usage }: DetailsNowDeps) {
  return async function detailsNow({ claims, mandateIds = [] }: FoundToken): Promise<readonly object[]> {
    const said = claims.authorization_details as readonly Said[] // as `detailOf` makes them: the token was found by them
    const found = await findMandates(mandateIds)
    const live = found.filter((mandate) =>
      ['active', 'paused'].includes(stateOf(mandate, Math.floor(Date.now() / 1000))),
    )
    return Promise.all(
      live.map(async (mandate) => {
        const asked = said.find(({ mandate_id }) => mandate_id === mandate.id) ?? {}
        const { remaining } = await usage(mandate)
        const detail = detailOf(mandate, asked)
        return {
          ...detail,
          ...(mandate.pausedAt !== undefined && { paused: true }),
          remaining: least(detail, remaining),
        }
      }),
    )
  }
}

type Said = Partial<MandateTerms> & { readonly mandate_id?: string }
type Remaining = Awaited<ReturnType<Spending['usage']>>['remaining']

/** A token that was narrowed has no more left than it says itself. */
function least(detail: Partial<MandateTerms>, remaining: Remaining): Remaining {
  const { budget, orders, expires_at = remaining.until } = detail
  return {
    amount: Math.min(remaining.amount, budget?.amount ?? remaining.amount),
    ...((remaining.orders !== undefined || orders) && {
      orders: Math.min(remaining.orders ?? Number.MAX_SAFE_INTEGER, orders?.max ?? Number.MAX_SAFE_INTEGER),
    }),
    until: Math.min(remaining.until, expires_at),
  }
}
