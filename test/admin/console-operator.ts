import { createCookieJar } from '../support/cookie-jar.ts'

type AdminAddress = { readonly adminUrl: string }

/** A page as an operator's browser got it. */
export type ShownPage = {
  readonly status: number
  readonly html: string
  readonly headers: Headers
  readonly url: string
}

/** An operator at the console: a browser's memory, and forms that are sent as a page offers them. */
export type ConsoleOperator = {
  get(path: string, headers?: Record<string, string>): Promise<ShownPage>
  /** Opens `page`, fills in the form that goes to `action` (by default the page itself) and follows the redirect. */
  submit(page: string, fields?: Record<string, string>, action?: string): Promise<ShownPage>
  /** Sends a form that no page offered, with a token from `tokenFrom` if there is one. */
  post(path: string, fields: Record<string, string>, headers?: Record<string, string>): Promise<ShownPage>
  /** The token that forms on this page carry. */
  formToken(page?: string): Promise<string>
  /** The names by which the server knows this browser's session, and its forms. */
  cookie(): string | undefined
  formCookie(): string | undefined
}

/** A browser that has never been here. */
export function createConsoleOperator(server: AdminAddress): ConsoleOperator {
  const jar = createCookieJar()
  const at = (path: string) => `${server.adminUrl}${path}`

  async function shown(response: Response, { follow = true } = {}): Promise<ShownPage> {
    const { url, response: last } = follow ? await jar.follow(response) : { url: response.url, response }
    return { status: last.status, html: await last.text(), headers: last.headers, url }
  }
  const post: ConsoleOperator['post'] = async (path, fields, headers = {}) =>
    shown(await jar.fetch(at(path), { method: 'POST', body: new URLSearchParams(fields), headers }))
  const formToken = async (page = '/console/') => {
    const { html } = await shown(await jar.fetch(at(page)))
    return /name="csrf" value="([^"]+)"/.exec(html)?.[1] ?? ''
  }

  return {
    get: async (path, headers = {}) => shown(await jar.fetch(at(path), { headers })),
    post,
    formToken,
    async submit(page, fields = {}, action = page) {
      return post(action, { ...fields, csrf: await formToken(page) })
    },
    cookie: () => jar.get(at('/console/'), 'vestibule.console'),
    formCookie: () => jar.get(at('/console/'), 'vestibule.console-form'),
  }
}

/** A browser in which somebody signed in with an admin token. */
export async function signInToConsole(server: AdminAddress, token: string): Promise<ConsoleOperator> {
  const operator = createConsoleOperator(server)
  const { status } = await operator.submit('/console/sign-in', { way: 'token', token })
  if (status !== 200) throw new Error(`the console did not let this token in: ${status}`)
  return operator
}
