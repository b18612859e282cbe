import type { HostedShop, Page, TestCustomer, Visitor } from '../hosted-shop.ts'

/** Opens a page of the account and signs in where that is asked for. */
export async function openSignedIn(visitor: Visitor, customer: TestCustomer, path = '/account'): Promise<Page> {
  const page = await visitor.open(path)
  if (!page.html.includes('/login"')) return page
  return visitor.submit(page, '/login', { login: customer.email, password: customer.password })
}

/** A browser in which a new customer is signed in. */
export async function signedIn(shop: HostedShop, headers?: Record<string, string>) {
  const customer = await shop.addCustomer()
  const visitor = shop.visitor(headers)
  await openSignedIn(visitor, customer)
  return { customer, visitor }
}

/** The path of a page's address. */
export function pathOf({ url }: Page): string {
  const { pathname, search } = new URL(url)
  return pathname + search
}
