import { bearer, document, exchange, type GlueAnswer, obtain } from '../dialects/spryker/exchange.ts'

type Headers = Readonly<Record<string, string>>

/** A shop's endpoints by which customers set their passwords: each dialect that has them is one. */
export type SelfServiceDoor = {
  readonly name: string
  /** Signs in by the dialect; the token and what the dialect calls the account. */
  signIn(url: string, login: { username: string; password: string }, headers?: Headers): Promise<SignedIn>
  /** True when the dialect lets the login in. */
  isLetIn(url: string, login: { username: string; password: string }, headers?: Headers): Promise<boolean>
  change(
    url: string,
    who: SignedIn,
    passwords: { current: string; next: string },
    headers?: Headers,
  ): Promise<GlueAnswer>
  /** Asks for a letter with a key. */
  requestReset(url: string, email: string, headers?: Headers): Promise<GlueAnswer>
  reset(url: string, key: string, password: string, headers?: Headers): Promise<GlueAnswer>
  /** Statuses of a change: done, a wrong current password, and while the login is locked out. */
  readonly statuses: {
    readonly changed: number
    readonly wrong: number
    readonly locked: number
    readonly reset: number
  }
}

export type SignedIn = { readonly token: string; readonly account: string }

const spryker: SelfServiceDoor = {
  name: 'Spryker',
  statuses: { changed: 204, wrong: 400, locked: 429, reset: 204 },
  async signIn(url, login, headers = {}) {
    const { accessToken: token } = await obtain(url, 'access-tokens', login, headers)
    const [, payload = ''] = token.split('.')
    const { sub } = JSON.parse(Buffer.from(payload, 'base64url').toString()) as { sub: string }
    return { token, account: (JSON.parse(sub) as { customer_reference: string }).customer_reference }
  },
  async isLetIn(url, login, headers = {}) {
    const request = { path: '/access-tokens', headers, body: document('access-tokens', login) }
    return (await exchange(url, request)).status === 201
  },
  change: (url, { token, account }, { current, next }, headers = {}) =>
    exchange(url, {
      method: 'PATCH',
      path: `/customer-password/${account}`,
      headers: { ...headers, ...bearer(token) },
      body: document('customer-password', { password: current, newPassword: next, confirmPassword: next }),
    }),
  requestReset: (url, email, headers = {}) =>
    exchange(url, {
      path: '/customer-forgotten-password',
      headers,
      body: document('customer-forgotten-password', { email }),
    }),
  reset: (url, key, password, headers = {}) =>
    exchange(url, {
      method: 'PATCH',
      path: '/customer-restore-password/x',
      headers,
      body: document('customer-restore-password', { restorePasswordKey: key, password, confirmPassword: password }),
    }),
}

/** Of every dialect that has such endpoints. */
export const SELF_SERVICE_DOORS: readonly SelfServiceDoor[] = [spryker]
