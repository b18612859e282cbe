type Cookie = { readonly host: string; readonly path: string; readonly name: string; readonly value: string }

/** A browser's memory: enough of RFC 6265 to walk through a login. Ports share cookies, as in browsers. */
export type CookieJar = {
  /** `fetch` with this jar's cookies; redirects are answered, not followed. */
  fetch(url: string | URL, init?: RequestInit): Promise<Response>
  /**
   * Follows redirects from `response` until a page answers, or until the next address starts with `stopAt`: the
   * callback of a client, where nobody listens. `url` is the page's address, or the callback with its parameters.
   */
  follow(response: Response, options?: FollowOptions): Promise<{ url: string; response: Response }>
  /** The value of a cookie that would be sent to `url`. */
  get(url: string | URL, name: string): string | undefined
  /** Takes a `Set-Cookie` that another subdomain sends for the whole domain. */
  plant(url: string | URL, header: string): void
  /** Every `Set-Cookie` so far, as it was sent. */
  readonly received: readonly string[]
  /** Forgets everything: another browser. */
  clear(): void
}

/** Where to stop, and what the browser says of itself on the way. */
type FollowOptions = { readonly stopAt?: string; readonly headers?: Readonly<Record<string, string>> }

type CookieJarOptions = {
  /** Where an address is really asked: what a proxy with TLS does in front of the server. */
  readonly reach?: (url: URL) => URL
}

const MOST_REDIRECTS = 20

/** An empty jar. It takes prefixed names as browsers do: those that break the rules of their prefix are dropped. */
export function createCookieJar({ reach = (url) => url }: CookieJarOptions = {}): CookieJar {
  let cookies: Cookie[] = []
  const received: string[] = []

  const matching = (url: URL) =>
    cookies
      .filter((cookie) => cookie.host === url.hostname && isUnder(url.pathname, cookie.path))
      // Longest path first (RFC 6265 §5.4), so that a page's own cookie comes before the site's.
      .sort((a, b) => b.path.length - a.path.length)

  const remember = (url: URL, header: string) => {
    received.push(header)
    const { cookie, isExpired, keepsItsPrefix } = parseSetCookie(url, header)
    if (!keepsItsPrefix) return
    cookies = cookies.filter((kept) => !isSame(kept, cookie))
    if (!isExpired) cookies.push(cookie)
  }

  const jarFetch: CookieJar['fetch'] = async (address, init = {}) => {
    const url = new URL(address)
    const headers = new Headers(init.headers)
    const sent = matching(url)
    if (sent.length > 0) headers.set('cookie', sent.map(({ name, value }) => `${name}=${value}`).join('; '))
    const response = await fetch(reach(url), { ...init, headers, redirect: 'manual' })
    for (const header of response.headers.getSetCookie()) remember(url, header)
    return response
  }

  return {
    fetch: jarFetch,
    received,
    plant: (url, header) => remember(new URL(url), `${header}; domain=${new URL(url).hostname}`),
    async follow(response, { stopAt, headers = {} } = {}) {
      let current = response
      for (let count = 0; count < MOST_REDIRECTS; count++) {
        const location = current.headers.get('location')
        if (location === null) return { url: current.url, response: current }
        const next = new URL(location, current.url).href
        if (stopAt !== undefined && next.startsWith(stopAt)) return { url: next, response: current }
        await current.body?.cancel()
        current = await jarFetch(next, { headers })
      }
      throw new Error(`more than ${MOST_REDIRECTS} redirects, the last one from ${current.url}`)
    },
    get: (url, name) => matching(new URL(url)).find((cookie) => cookie.name === name)?.value,
    clear() {
      cookies = []
    },
  }
}

function parseSetCookie(url: URL, header: string) {
  const [pair = '', ...attributes] = header.split(';').map((part) => part.trim())
  const equals = pair.indexOf('=')
  const named = new Map(
    attributes.map((attribute): [string, string] => {
      const [name = '', ...value] = attribute.split('=')
      return [name.toLowerCase(), value.join('=')]
    }),
  )
  const path = named.get('path')
  const cookie = {
    host: url.hostname,
    path: path?.startsWith('/') ? path : defaultPath(url.pathname),
    name: pair.slice(0, equals),
    value: pair.slice(equals + 1),
  }
  return { cookie, isExpired: isExpired(named), keepsItsPrefix: keepsItsPrefix(cookie, named) }
}

/** RFC 6265bis §4.1.3. */
function keepsItsPrefix({ name, path }: Cookie, attributes: ReadonlyMap<string, string>): boolean {
  const isSecure = attributes.has('secure')
  if (name.startsWith('__Host-')) return isSecure && attributes.has('path') && path === '/' && !attributes.has('domain')
  return !name.startsWith('__Secure-') || isSecure
}

function isExpired(attributes: ReadonlyMap<string, string>): boolean {
  const maxAge = attributes.get('max-age')
  if (maxAge !== undefined) return Number(maxAge) <= 0
  const expires = attributes.get('expires')
  return expires !== undefined && Date.parse(expires) <= Date.now()
}

function defaultPath(pathname: string): string {
  return pathname.slice(0, pathname.lastIndexOf('/')) || '/'
}

function isUnder(pathname: string, path: string): boolean {
  return pathname === path || pathname.startsWith(path.endsWith('/') ? path : `${path}/`)
}

function isSame(a: Cookie, b: Cookie): boolean {
  return a.host === b.host && a.path === b.path && a.name === b.name
}
