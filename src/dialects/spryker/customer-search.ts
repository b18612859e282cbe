import type { ActionRoute, AnswerContext, DialectAnswer, DialectRequest } from '../dialect.ts'
import { findAgentToken } from './agents.ts'
import { type PasswordLength, refusal } from './customer-answers.ts'
import { listOf } from './documents.ts'

const TYPE = 'agent-customer-search'
const DEFAULT_LIMIT = 10
const MAX_LIMIT = 100

/** `GET /agent-customer-search`: an agent looks for the customer to act for. */
export function customerSearch(length: PasswordLength): ActionRoute {
  return {
    method: 'GET',
    path: `/${TYPE}`,
    async act(request, services) {
      const { query, context } = request
      const page = pageOf(query)
      if (!page) return BAD_PAGE
      const agent = await findAgentToken(request, services)
      if ('refused' in agent) return agent.refused
      const text = query.get('q') ?? ''
      const found = await services.ownAccount.searchCustomers(agent.caller, { text, ...page })
      if ('outcome' in found) return refusal(found, { fields: ['password', 'confirmPassword'], length }, context)
      const customers = found.customers.map(({ customerReference, email, givenName, familyName }) => ({
        customerReference,
        email,
        firstName: givenName ?? null,
        lastName: familyName ?? null,
      }))
      return listOf(
        { type: TYPE, attributes: { customers }, links: linksTo(page, found.total, text, context) },
        context,
      )
    },
  }
}

type Page = { readonly offset: number; readonly limit: number }

/** Undefined for numbers that are none. */
function pageOf(query: DialectRequest['query']): Page | undefined {
  const [offset, limit] = [numberOf(query, 'page[offset]', 0), numberOf(query, 'page[limit]', DEFAULT_LIMIT)]
  return offset === undefined || limit === undefined || limit === 0
    ? undefined
    : { offset, limit: Math.min(limit, MAX_LIMIT) }
}

function numberOf(query: DialectRequest['query'], name: string, otherwise: number): number | undefined {
  const given = query.getAll(name)
  if (given.length === 0) return otherwise
  const [text = ''] = given
  return given.length === 1 && /^\d{1,6}$/.test(text) ? Number(text) : undefined
}

/** Links to the pages of a list, those alone that there are. */
function linksTo({ offset, limit }: Page, total: number, text: string, { baseUrl }: AnswerContext): object {
  const to = (start: number) => {
    const search = new URLSearchParams({ ...(text && { q: text }) })
    const page = `page[offset]=${start}&page[limit]=${limit}`
    return `${baseUrl}/${TYPE}?${text ? `${search}&` : ''}${page}`
  }
  const last = Math.max(0, Math.ceil(total / limit) - 1) * limit
  return {
    last: to(last),
    first: to(0),
    ...(offset > 0 && { prev: to(Math.max(0, offset - limit)) }),
    ...(offset + limit < total && { next: to(offset + limit) }),
  }
}

/** The shop answers this one in plain text. */
const BAD_PAGE: DialectAnswer = {
  status: 400,
  headers: { 'Content-Type': 'text/plain; charset=utf-8', 'Cache-Control': 'no-store' },
  body: 'Pagination parameters are invalid.',
}
