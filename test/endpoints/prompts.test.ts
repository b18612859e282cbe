import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type HostedShop, startHostedShop } from '../interaction/hosted-shop.ts'
import { createCookieJar } from '../support/cookie-jar.ts'
import { startTestServer } from '../support/server.ts'
import { authorizationUrl, CALLBACK, decode, pkce, read, redeem, ron, signIn, sonia, submit } from './client.ts'

let shop: HostedShop
beforeAll(async () => {
  shop = await startHostedShop()
})
afterAll(() => shop?.stop())

const html = async ({ response }: { response: Response }) => response.clone().text()

/** A browser with a request in it; `end` says who came back with a code. */
function browser() {
  const jar = createCookieJar()
  const { verifier, challenge } = pkce()
  const open = async (fields: Record<string, string> = {}) => {
    const given = { code_challenge: challenge, code_challenge_method: 'S256', ...fields }
    return jar.follow(await jar.fetch(authorizationUrl(shop.server.url, given)), { stopAt: CALLBACK })
  }
  return {
    jar,
    open,
    async signedIn() {
      await signIn(jar, await open(), sonia)
      return this
    },
    async whoCameBack({ url }: { url: string }) {
      const code = new URL(url).searchParams.get('code') ?? ''
      return decode((await read(redeem(shop.server.url, code, verifier))).body.id_token).payload.email
    },
  }
}

test('metadata names what may be asked for, and a server without registration does not name it', async () => {
  const promptsOf = async (url: string) =>
    (await read(fetch(`${url}/.well-known/openid-configuration`))).body.prompt_values_supported
  expect(await promptsOf(shop.server.url)).toEqual(['none', 'login', 'consent', 'select_account', 'create'])
  const closed = await startTestServer()
  try {
    expect(await promptsOf(closed.url)).toEqual(['none', 'login', 'consent', 'select_account'])
    const answer = await read(
      fetch(
        authorizationUrl(closed.url, {
          code_challenge: pkce().challenge,
          code_challenge_method: 'S256',
          prompt: 'create',
        }),
        {
          redirect: 'manual',
        },
      ),
    )
    expect(answer.headers.get('location')).toContain('error=invalid_request')
  } finally {
    await closed.stop()
  }
})

describe('prompt=select_account (OpenID Connect Core §3.1.2.1)', () => {
  test('asks who is signed in, and goes on as them', async () => {
    const visitor = await browser().signedIn()
    const page = await visitor.open({ prompt: 'select_account' })
    expect(await html(page)).toContain('Continue as sonia@spryker.com')
    expect(await visitor.whoCameBack(await submit(visitor.jar, page, {}))).toBe('sonia@spryker.com')
  })

  test('lets another account sign in instead', async () => {
    const visitor = await browser().signedIn()
    const page = await visitor.open({ prompt: 'select_account' })
    const [, other = ''] = /href="([^"]*\?page=login)[^"]*"/.exec(await html(page)) ?? []
    const login = await visitor.jar.follow(await visitor.jar.fetch(new URL(other, page.url)))
    let next = await signIn(visitor.jar, login, ron)
    // A page of the library that sends itself on ends the session of the account before.
    if (!next.url.startsWith(CALLBACK)) next = await submit(visitor.jar, next, {})
    expect(await visitor.whoCameBack(next)).toBe('ron@swanson.com')
  })

  test('is a login where nobody is signed in, and asks once', async () => {
    const visitor = browser()
    const page = await visitor.open({ prompt: 'select_account' })
    expect(await html(page)).toContain('name="password"')
    expect(await visitor.whoCameBack(await signIn(visitor.jar, page, sonia))).toBe('sonia@spryker.com')
  })

  test('comes before a login and a consent that were asked for as well', async () => {
    const visitor = await browser().signedIn()
    let page = await visitor.open({ client_id: 'third-party-app', prompt: 'select_account login consent' })
    expect(await html(page)).toContain('Continue as')
    page = await submit(visitor.jar, page, {})
    expect(await html(page)).toContain('name="password"')
    page = await signIn(visitor.jar, page, sonia)
    expect(await html(page)).toContain('value="allow"')
    page = await submit(visitor.jar, page, { decision: 'allow' })
    expect(new URL(page.url).searchParams.has('code')).toBe(true)
  })

  test('can be cancelled, and is not obeyed without a page', async () => {
    const visitor = await browser().signedIn()
    const page = await visitor.open({ prompt: 'select_account' })
    const uid = new URL(page.url).pathname.split('/').pop()
    const [, csrf = ''] = /name="csrf" value="([^"]*)"/.exec(await html(page)) ?? []
    const answer = await visitor.jar.fetch(`${shop.server.url}/interaction/${uid}/abort`, {
      method: 'POST',
      body: new URLSearchParams({ csrf }),
    })
    const { url } = await visitor.jar.follow(answer, { stopAt: CALLBACK })
    expect(new URL(url).searchParams.get('error')).toBe('access_denied')
    const silent = await visitor.open({ prompt: 'none select_account' })
    expect(new URL(silent.url).searchParams.get('error')).toBe('invalid_request')
  })

  test('a choice that did not come from our page chooses nothing', async () => {
    const visitor = await browser().signedIn()
    const page = await visitor.open({ prompt: 'select_account' })
    const uid = new URL(page.url).pathname.split('/').pop()
    const forged = await visitor.jar.fetch(`${shop.server.url}/interaction/${uid}/account`, {
      method: 'POST',
      body: new URLSearchParams({ csrf: 'forged' }),
    })
    expect(forged.status).toBe(403)
  })
})

describe('prompt=create (Initiating User Registration via OpenID Connect 1.0)', () => {
  const password = 'a password for a new account'

  test.each(['nobody', 'somebody'])(
    'opens the form for a new account where %s is signed in, and ends at the client',
    async (who) => {
      const visitor = who === 'nobody' ? browser() : await browser().signedIn()
      const email = `created-for-${who}@example.com`
      const form = await visitor.open({ prompt: 'create' })
      expect(new URL(form.url).pathname).toBe('/registration')
      await submit(visitor.jar, form, { login: email, givenName: 'Nora', familyName: 'New', password })
      const { link } = await shop.sink.mailTo(email)
      const confirmation = await visitor.jar.follow(await visitor.jar.fetch(link))
      const login = await submit(visitor.jar, confirmation, {})
      expect(await html(login)).toContain('Your e-mail address is confirmed')
      let next = await signIn(visitor.jar, login, { username: email, password })
      if (!next.url.startsWith(CALLBACK)) next = await submit(visitor.jar, next, {})
      expect(new URL(next.url).searchParams.has('code')).toBe(true)
    },
  )

  test('whoever has an account already goes back to the login, which is good enough', async () => {
    const visitor = browser()
    const form = await visitor.open({ prompt: 'create' })
    const [, back = ''] = /href="([^"]*\/interaction\/[^"]*)"/.exec(await html(form)) ?? []
    const login = await visitor.jar.follow(await visitor.jar.fetch(new URL(back, form.url)))
    expect(await html(login)).toContain('name="password"')
    expect(await visitor.whoCameBack(await signIn(visitor.jar, login, sonia))).toBe('sonia@spryker.com')
  })
})
