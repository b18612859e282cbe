import { timingSafeEqual } from 'node:crypto'
import { createServer, type IncomingMessage, type Server } from 'node:http'

/** A customer as the service answers it: a line of the import format, always with `id` and `idCustomer`. */
export type ShopCustomer = {
  readonly id: string
  readonly idCustomer: number
  readonly email: string
  readonly customerReference: string
  readonly emailVerified: boolean
  readonly [more: string]: unknown
}

export type ShopAccount = { readonly customer: ShopCustomer; readonly password: string }

/**
 * The smallest service that fulfils the contract of shop-directory.md. A real one asks the shop's database, and
 * checks passwords with what the shop hashes them with.
 */
export function createShopService(accounts: readonly ShopAccount[], token: string): Server {
  const find = (matches: (account: ShopAccount) => boolean) => accounts.find(matches)

  async function answer(request: IncomingMessage): Promise<[status: number, body?: unknown]> {
    if (request.headers.authorization !== `Bearer ${token}`) return [403]
    const url = new URL(request.url ?? '/', 'http://service')
    if (request.method === 'POST' && url.pathname === '/sign-in') {
      const { login, password } = JSON.parse(await readBody(request)) as { login: string; password: string }
      const account = find(({ customer }) => customer.email.toLowerCase() === login)
      return account && isSame(account.password, password) ? [200, account.customer] : [401]
    }
    const id = /^\/customers\/([^/]+)$/.exec(url.pathname)?.[1]
    const login = url.searchParams.get('login')
    const reference = url.searchParams.get('reference')
    const account = find(
      ({ customer }) =>
        customer.id === id || customer.customerReference === reference || customer.email.toLowerCase() === login,
    )
    return account ? [200, account.customer] : [404]
  }

  return createServer((request, response) => {
    answer(request)
      .then(([status, body]) => {
        response.writeHead(status, { 'content-type': 'application/json' })
        response.end(body === undefined ? undefined : JSON.stringify(body))
      })
      .catch(() => response.writeHead(400).end())
  })
}

async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks).toString('utf8')
}

function isSame(a: string, b: string): boolean {
  const [left, right] = [Buffer.from(a), Buffer.from(b)]
  return left.length === right.length && timingSafeEqual(left, right)
}
