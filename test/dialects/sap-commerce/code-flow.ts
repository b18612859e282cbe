import { pkce, ron, signIn } from '../../endpoints/client.ts'
import { createCookieJar } from '../../support/cookie-jar.ts'
import { BASE, CALLBACK, PUBLIC } from './shop.ts'

/** The address of an authorization request at the shop's own path. */
export function authorizationUrl(url: string, fields: Readonly<Record<string, string | undefined>>): string {
  const all = { response_type: 'code', redirect_uri: CALLBACK, state: 'some-state', ...PUBLIC, ...fields }
  const given = Object.entries(all).filter((field): field is [string, string] => field[1] !== undefined)
  return `${url}${BASE}/oauth/authorize?${new URLSearchParams(given)}`
}

/** Begins a code flow in a browser of its own and signs Ron in, if that is asked for; `callback` is where it ended. */
export async function authorize(url: string, fields: Readonly<Record<string, string | undefined>> = {}) {
  const { verifier, challenge } = pkce()
  const jar = createCookieJar()
  const request = authorizationUrl(url, { code_challenge: challenge, code_challenge_method: 'S256', ...fields })
  let page = await jar.follow(await jar.fetch(request), { stopAt: CALLBACK })
  if (!page.url.startsWith(CALLBACK)) page = await signIn(jar, page, ron, CALLBACK)
  return { callback: page.url.startsWith(CALLBACK) ? new URL(page.url) : undefined, verifier }
}

/** The whole way to a code. */
export async function obtainCode(url: string, fields: Readonly<Record<string, string | undefined>> = {}) {
  const { callback, verifier } = await authorize(url, fields)
  return { code: callback?.searchParams.get('code') ?? '', verifier }
}
