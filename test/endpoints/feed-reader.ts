import { createRemoteJWKSet, jwtVerify } from 'jose'

export type Entry = readonly [seq: number, kind: string, value: string, at: number, until: number]
export type Page = {
  readonly iat: number
  readonly exp: number
  readonly ttl: number
  readonly from: number
  readonly to: number
  readonly floor: number
  readonly entries: readonly Entry[]
  readonly more: boolean
}

/** A page of the feed at `url`, which may be another node's than the issuer's, with its signature checked. */
export async function readPage(url: string, query = '', { issuer = url }: { readonly issuer?: string } = {}) {
  const answer = await fetch(`${url}/revocations${query}`)
  if (answer.status !== 200) throw new Error(`no page: ${answer.status} ${await answer.text()}`)
  const keys = createRemoteJWKSet(new URL(`${url}/jwks`))
  const { payload } = await jwtVerify(await answer.text(), keys, { issuer, typ: 'revocations+jwt' })
  return { headers: answer.headers, ...(payload as unknown as Page) }
}

/** The cursor behind everything that ended so far. */
export async function newestCursor(url: string, options: { readonly issuer?: string } = {}): Promise<number> {
  let page = await readPage(url, '', options)
  while (page.more) page = await readPage(url, `?after=${page.to}`, options)
  return page.to
}
