import { hash } from 'node:crypto'
import type { Context } from 'koa'
import type { Customer } from '../../customers/customer.ts'
import type { CustomerFactors } from '../../customers/second-factor/customer-factors.ts'
import { browserName } from '../../http/browser-name.ts'
import { cookieHome, cookieName, pageCookie } from '../../http/cookie-names.ts'

/** Browsers in which a customer need not show the second factor. */
export type RememberedBrowser = {
  /** Whether this browser is one; asking changes nothing. */
  isRemembered(ctx: Context, customerId: string): Promise<boolean>
  /** The same, and the cookie gets another value, so that a copy of it works once at most. */
  use(ctx: Context, customerId: string): Promise<boolean>
  remember(ctx: Context, customer: Customer): Promise<void>
}

export type RememberedBrowserDeps = {
  readonly factors: Pick<CustomerFactors, 'devices' | 'rememberDevice' | 'remembersDevices'>
  readonly issuer: string
  readonly days: number
}

const DAY_MS = 86_400_000

/** A cookie for each person who uses the browser, so that one does not end the other's. */
export function createRememberedBrowser({ factors, issuer, days }: RememberedBrowserDeps): RememberedBrowser {
  const home = cookieHome(issuer)
  const nameFor = (customerId: string) =>
    cookieName(`vestibule.remembered.${hash('sha256', customerId, 'hex').slice(0, 16)}`, home)

  const tokenIn = (ctx: Context, customerId: string) =>
    factors.remembersDevices ? ctx.cookies.get(nameFor(customerId), { signed: false }) : undefined

  function keep(ctx: Context, customerId: string, token: string): void {
    ctx.cookies.set(nameFor(customerId), token, { ...pageCookie(home), overwrite: true, maxAge: days * DAY_MS })
  }

  return {
    async isRemembered(ctx, customerId) {
      const token = tokenIn(ctx, customerId)
      return token !== undefined && factors.devices.isRemembered(customerId, token)
    },
    async use(ctx, customerId) {
      const token = tokenIn(ctx, customerId)
      const next = token === undefined ? undefined : await factors.devices.use(customerId, token)
      if (next !== undefined) keep(ctx, customerId, next)
      return next !== undefined
    },
    async remember(ctx, customer) {
      if (!factors.remembersDevices) return
      keep(ctx, customer.id, await factors.rememberDevice(customer, browserName(ctx.get('User-Agent'))))
    },
  }
}
