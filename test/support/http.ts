type Headers = Readonly<Record<string, string>>

/** POSTs `fields` as a form; those that are undefined are left out. Redirects are not followed. */
export function postForm(
  url: string | URL,
  fields: Readonly<Record<string, string | undefined>>,
  headers: Headers = {},
): Promise<Response> {
  const given = Object.entries(fields).filter((field): field is [string, string] => field[1] !== undefined)
  return fetch(url, { method: 'POST', body: new URLSearchParams(given), headers, redirect: 'manual' })
}

/** POSTs `body` as JSON; another content type goes into `headers`. Redirects are not followed. */
export function postJson(url: string | URL, body: unknown, headers: Headers = {}): Promise<Response> {
  return fetch(url, {
    method: 'POST',
    body: JSON.stringify(body),
    headers: { 'content-type': 'application/json', ...headers },
    redirect: 'manual',
  })
}

/** The header of a client that authenticates by `client_secret_basic` (RFC 6749 §2.3.1: form-encoded first). */
export function basicAuth(id: string, secret: string): { authorization: string } {
  return { authorization: `Basic ${Buffer.from(`${formEncode(id)}:${formEncode(secret)}`).toString('base64')}` }
}

/** The first form of a page: where it goes and the fields it already holds, hidden ones included. */
export function readForm(html: string, pageUrl: string | URL): { action: string; fields: Record<string, string> } {
  const [, opening, content] = /<form\b([^>]*)>(.*?)<\/form>/is.exec(html) ?? []
  if (opening === undefined || content === undefined) throw new Error(`no form on ${pageUrl}: ${html.slice(0, 200)}`)
  const inputs = [...content.matchAll(/<input\b([^>]*)>/gi)].map(([, attributes = '']) => attributes)
  const named = inputs.flatMap((attributes) => {
    const name = attribute(attributes, 'name')
    return name === undefined ? [] : [[name, attribute(attributes, 'value') ?? ''] as const]
  })
  return { action: new URL(attribute(opening, 'action') ?? '', pageUrl).href, fields: Object.fromEntries(named) }
}

function attribute(attributes: string, name: string): string | undefined {
  const [, , quoted] = new RegExp(`(^|\\s)${name}="([^"]*)"`, 'i').exec(attributes) ?? []
  return quoted
    ?.replaceAll('&quot;', '"')
    .replaceAll('&#39;', "'")
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&amp;', '&')
}

function formEncode(text: string): string {
  return new URLSearchParams({ '': text }).toString().slice(1)
}
