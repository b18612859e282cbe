import type { Context } from 'koa'
import type { Actor } from '../../administrators/administrator.ts'
import { requestState } from '../../http/request-state.ts'
import type { AdminApi } from '../api.ts'
import { Problem } from '../problem.ts'

/** What the admin API said. A refusal is a value: it is shown where it was asked. */
export type Answer<T> =
  | { readonly outcome: 'done'; readonly body: T; readonly etag: string | undefined }
  | { readonly outcome: 'refused'; readonly problem: Problem }

type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
type Asked = { readonly body?: unknown; readonly ifMatch?: string }

/** The admin API on behalf of one operator: its permissions, checks and audit entries are those of the listener. */
export type ConsoleApi = {
  send<T>(method: Method, address: string, asked?: Asked): Promise<Answer<T>>
  /** @throws {Problem} when the API refuses. */
  get<T>(address: string): Promise<T>
}

/** Asks the API from inside this process, within a request under way. */
export function createConsoleApi(api: AdminApi): (ctx: Context, actor?: Actor) => ConsoleApi {
  return (ctx, actor) => {
    async function send<T>(method: Method, address: string, { body, ifMatch }: Asked = {}): Promise<Answer<T>> {
      const [path = '', query = ''] = address.split('?')
      try {
        const answer = await api.answer({
          method,
          path,
          query: Object.fromEntries(new URLSearchParams(query)),
          readBody: async () => body ?? {},
          ...(ifMatch && { ifMatch }),
          actor,
          ip: ctx.ip,
          requestId: requestState(ctx).requestId,
        })
        // The route's schema says what it answers; the page names the type.
        return { outcome: 'done', body: answer.body as T, etag: answer.etag }
      } catch (error) {
        if (error instanceof Problem) return { outcome: 'refused', problem: error }
        throw error
      }
    }

    return {
      send,
      async get<T>(address: string): Promise<T> {
        const answer = await send<T>('GET', address)
        if (answer.outcome === 'refused') throw answer.problem
        return answer.body
      },
    }
  }
}

/** A customer as a segment of an address of the API. One whom somebody calls `export` is no other address of it. */
export function customerSegment(customer: string): string {
  const isWord = /^[a-z-]+$/.test(customer)
  return isWord ? `%${customer.charCodeAt(0).toString(16)}${customer.slice(1)}` : encodeURIComponent(customer)
}
