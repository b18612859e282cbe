import type { ConsoleRequest } from './page.ts'

/** What a list is searched for: the named fields of the address that are filled in. */
export type Search = Readonly<Record<string, string>>

/** A page of a list as the API gives it. */
export type Listing<Item> = { readonly items: readonly Item[]; readonly next?: string }

const PAGE_SIZE = '50'

/** The filled-in fields of the address, of those that can be searched for. */
export function searchOf({ query }: ConsoleRequest, fields: readonly string[]): Search {
  const given = fields.map((name): [string, string] => [name, query[name]?.trim() ?? ''])
  return Object.fromEntries(given.filter(([, value]) => value !== ''))
}

/** The address of the API's list for this page: what is searched for, from where the page before ended. */
export function listAddress({ query }: ConsoleRequest, address: string, search: Search = {}): string {
  return `${address}?${new URLSearchParams({ ...search, limit: PAGE_SIZE, ...cursorIn(query) })}`
}

/** Links to the first and to the next page of the same search. */
export function pageLinks({ ctx, query }: ConsoleRequest, next: string | undefined, search: Search = {}) {
  const page = (cursor?: string) => {
    const asked = new URLSearchParams({ ...search, ...(cursor && { cursor }) }).toString()
    return asked ? `${ctx.path}?${asked}` : ctx.path
  }
  return { ...(query.cursor && { firstPage: page() }), ...(next && { nextPage: page(next) }) }
}

function cursorIn({ cursor }: Readonly<Record<string, string>>): { cursor?: string } {
  return cursor ? { cursor } : {}
}
