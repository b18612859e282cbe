import { REFUSALS, type Refusal } from '../../oauth/tokens/refusals.ts'
import type { ListedToken } from '../routes/recorded-token.ts'
import { type Listing, listAddress, pageLinks, searchOf } from './listing.ts'
import type { ConsolePage } from './page.ts'

const FIELDS = ['jti', 'grantId', 'customer', 'clientId']

/** What the API says of one token. */
type Inspection = { readonly isLive: boolean; readonly reason?: Refusal; readonly record?: ListedToken }

/** Tokens on record: a search, newest first, with when and why they ended; and one token that an operator has. */
export const tokenPages: readonly ConsolePage[] = [
  {
    path: '/tokens',
    async open(request) {
      const search = searchOf(request, FIELDS)
      const isAsked = Object.keys(search).length > 0
      const answer = isAsked
        ? await request.api.send<Listing<ListedToken>>('GET', listAddress(request, '/v1/tokens', search))
        : undefined
      const problem = answer?.outcome === 'refused' ? answer.problem : undefined
      const { items, next } = answer?.outcome === 'done' ? answer.body : { items: undefined }
      request.show(
        'tokens',
        { title: 'Tokens', search, tokens: items, problem, ...pageLinks(request, next, search) },
        { status: problem?.status ?? 200 },
      )
    },
    async submit(request, form) {
      const body = { token: form.token?.trim() ?? '' }
      const answer = await request.api.send<Inspection>('POST', '/v1/tokens/inspect', { body })
      const problem = answer.outcome === 'refused' ? answer.problem : undefined
      const inspected = answer.outcome === 'done' ? answer.body : undefined
      const why = inspected?.reason && REFUSALS[inspected.reason]
      request.show(
        'tokens',
        { title: 'Tokens', search: {}, problem, inspected, why, tokens: inspected?.record && [inspected.record] },
        { status: problem?.status ?? 200 },
      )
    },
  },
]
