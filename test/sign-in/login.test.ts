import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import {
  createSignIn,
  memoryStore,
  SignInError,
  type SignInOptions,
  type Step,
} from '../../packages/sign-in/src/index.ts'
import { CALLBACK, decode, introspect } from '../endpoints/client.ts'
import { bearer, type FactorShop } from '../interaction/factor-shop.ts'
import { customerWithPasskey } from '../interaction/passkey-visitor.ts'
import { APP, codeIn, startAppShop, WEEK } from '../oauth/challenge/app.ts'
import { later } from '../support/clock.ts'
import { postJson } from '../support/http.ts'

let shop: FactorShop
let issuer: string
beforeAll(async () => {
  shop = await startAppShop()
  issuer = shop.server.url
  const metadata = {
    id: 'corp',
    kind: 'oidc',
    name: 'Corp',
    issuer: 'https://login.corp.example',
    client_id: 'x',
    email_domains: ['corp.example'],
  }
  const made = await postJson(
    `${shop.server.adminUrl}/v1/upstreams`,
    { upstream: metadata, secret: 'a-secret-of-the-provider' },
    bearer,
  )
  if (!made.ok) throw new Error(await made.text())
})
afterAll(() => shop?.stop())

/** Requests by the end of their address, and what happens to them. */
function watched(act: (path: string, send: () => Promise<Response>) => Promise<Response> = (_path, send) => send()) {
  const asked: string[] = []
  const send: typeof fetch = (input, init) => {
    const { pathname } = new URL(String(input))
    asked.push(pathname)
    return act(pathname, () => fetch(input, init))
  }
  return { asked, send }
}

const signInFor = (options: Partial<SignInOptions> = {}) =>
  createSignIn({ issuer, clientId: APP, scope: 'openid email customer', redirectUri: CALLBACK, ...options })

/** The code of the error that something ends in. */
async function failureOf(act: Promise<unknown>): Promise<SignInError> {
  const error = await act.then(
    () => undefined,
    (thrown: unknown) => thrown,
  )
  if (!(error instanceof SignInError)) throw new Error(`no refusal: ${error}`)
  return error
}

describe('login', () => {
  test('takes two requests for an account that needs no step, and the tokens are bound to a key', async () => {
    const { email, password } = await shop.addCustomer()
    const { asked, send } = watched()
    const signIn = signInFor({ fetch: send })
    const tokens = await signIn.login(email, password)
    expect(asked).toEqual(['/.well-known/oauth-authorization-server', '/authorize-challenge', '/token'])
    expect(decode(String(tokens?.accessToken)).payload).toMatchObject({ cnf: { jkt: expect.any(String) } })
    const userinfo = await signIn.fetch(`${issuer}/userinfo`)
    expect(await userinfo.json()).toMatchObject({ email })
  })

  test('asks once for the code of an app', async () => {
    const customer = await shop.enrol()
    const asked: (readonly Step[])[] = []
    const tokens = await signInFor().login(customer.email, customer.password, {
      async onStep(steps, problem) {
        expect(problem).toBeUndefined()
        asked.push(steps)
        return { otp: await customer.code() }
      },
    })
    expect(tokens?.accessToken).toEqual(expect.any(String))
    expect(asked.map((steps) => steps.map(({ step }) => step))).toEqual([['totp', 'recovery_code']])
  })

  test('asks again, with the problem, when the code was wrong; giving up is an error', async () => {
    const customer = await shop.enrol()
    const problems: (string | undefined)[] = []
    const failure = await failureOf(
      signInFor().login(customer.email, customer.password, {
        async onStep(_steps, problem) {
          problems.push(problem?.code)
          return problem ? undefined : { otp: '000000' }
        },
      }),
    )
    expect(problems).toEqual([undefined, 'wrong_code'])
    expect(failure.code).toBe('step_required')
  })

  test.each([
    ['without steps', {}],
    ['with steps', { onStep: async () => ({}) }],
  ])('of a wrong password is an error that the form can say, %s', async (_, options) => {
    const { email } = await shop.addCustomer()
    const failure = await failureOf(signInFor().login(email, 'wrong', options))
    expect([failure.code, failure.problem?.code]).toEqual(['wrong_credentials', 'wrong_credentials'])
  })

  test('works again after the network was lost between the code and the tokens', async () => {
    const { email, password } = await shop.addCustomer()
    let isLost = true
    const { send } = watched((path, next) => {
      if (path !== '/token' || !isLost) return next()
      isLost = false
      return Promise.reject(new TypeError('fetch failed'))
    })
    const signIn = signInFor({ fetch: send })
    await expect(signIn.login(email, password)).rejects.toThrow('fetch failed')
    expect(await signIn.tokens()).toBeUndefined()
    expect((await signIn.login(email, password))?.accessToken).toEqual(expect.any(String))
  })

  test('works on a device whose clock is an hour slow: the server gives a nonce for it', async () => {
    const { email, password } = await shop.addCustomer()
    const [asked, isSlow] = [[] as string[], () => vi.setSystemTime(Date.now() - 3_600_000)]
    const send: typeof fetch = async (input, init) => {
      vi.useRealTimers()
      const answer = await fetch(input, init)
      asked.push(`${new URL(String(input)).pathname} ${answer.status}`)
      vi.useFakeTimers({ toFake: ['Date'] })
      isSlow()
      return answer
    }
    vi.useFakeTimers({ toFake: ['Date'] })
    isSlow()
    try {
      await signInFor({ fetch: send }).login(email, password)
    } finally {
      vi.useRealTimers()
    }
    expect(asked.slice(1)).toEqual(['/authorize-challenge 400', '/authorize-challenge 200', '/token 200'])
  })
})

describe('the browser', () => {
  test('is opened for a company that signs its people in itself, before any password is looked at', async () => {
    const opened: string[] = []
    const signIn = signInFor({
      async openBrowser(url) {
        opened.push(url)
        return undefined
      },
    })
    expect(await signIn.login('somebody@corp.example', 'whatever')).toBeUndefined()
    expect(opened).toEqual([expect.stringContaining('request_uri=urn')])
  })

  test('is named where no step can be shown, and the sign-in goes on from where it comes back to', async () => {
    const customer = await shop.enrol()
    const store = memoryStore()
    const failure = await failureOf(signInFor({ store }).login(customer.email, customer.password))
    expect(failure.code).toBe('browser_required')
    const visitor = shop.visitor()
    const login = await visitor.open(String(failure.url))
    const second = await visitor.submit(login, '/login', { login: customer.email, password: customer.password })
    const { url } = await visitor.submit(second, '/second-factor', { code: await customer.code() })
    const signIn = signInFor({ store })
    const changed = (name: string, value?: string) => {
      const address = new URL(url)
      if (value === undefined) address.searchParams.delete(name)
      else address.searchParams.set(name, value)
      return address.href
    }
    const strange = [
      changed('state', 'another'),
      changed('state'),
      changed('iss', 'https://other.example'),
      changed('iss'),
    ]
    for (const address of strange) expect((await failureOf(signIn.finish(address))).code).toBe('bad_answer')
    expect((await failureOf(signInFor().finish(url))).code).toBe('bad_answer')
    const tokens = await signIn.finish(url)
    expect(tokens.accessToken).toEqual(expect.any(String))
    expect((await failureOf(signIn.finish(url))).code).toBe('bad_answer')
  })

  test('that comes back to another sign-in is refused', async () => {
    const signIn = signInFor({ openBrowser: async () => `${CALLBACK}?code=stolen&state=made-up&iss=${issuer}` })
    expect((await failureOf(signIn.login('somebody@corp.example', 'x'))).code).toBe('bad_answer')
  })
})

describe('without a password', () => {
  test('a code by mail signs in', async () => {
    const { email } = await shop.addCustomer()
    let isAsked = false
    const tokens = await signInFor().begin({
      async onStep(_steps, problem) {
        expect(problem).toBeUndefined()
        if (!isAsked) {
          isAsked = true
          return { username: email, send: 'email_code' }
        }
        return { email_code: codeIn((await shop.sink.mailTo(email)).text) }
      },
    })
    expect(tokens?.accessToken).toEqual(expect.any(String))
  })

  test('a passkey does', async () => {
    const { authenticator, passkey } = await customerWithPasskey(shop)
    const tokens = await signInFor().begin({
      async onStep(steps) {
        const { options } = steps.find(({ step }) => step === 'passkey') as unknown as {
          options: { rpId: string; challenge: string }
        }
        return { passkey: authenticator.get(passkey, options) }
      },
    })
    expect(decode(String(tokens?.accessToken)).payload.amr).toContain('swk')
  })
})

describe('a customer who is signed in', () => {
  test('refreshes once, however many ask at the same time', async () => {
    const { email, password } = await shop.addCustomer()
    const { asked, send } = watched()
    const signIn = signInFor({ fetch: send })
    await signIn.login(email, password)
    const renewed = await Promise.all([signIn.refresh(), signIn.refresh(), signIn.refresh()])
    expect(new Set(renewed.map(({ accessToken }) => accessToken)).size).toBe(1)
    expect(asked.filter((path) => path === '/token').length).toBe(2)
  })

  test('steps up by what is missing alone', async () => {
    const customer = await shop.enrol()
    const signIn = signInFor()
    await signIn.login(customer.email, customer.password, { onStep: async () => ({ otp: await customer.code() }) })
    const steps: string[][] = []
    const tokens = await signIn.stepUp(
      { max_age: '0' },
      {
        async onStep(next) {
          steps.push(next.map(({ step }) => step))
          return next.some(({ step }) => step === 'password')
            ? { password: customer.password }
            : { recovery_code: customer.recoveryCode() }
        },
      },
    )
    expect(tokens?.accessToken).toEqual(expect.any(String))
    expect(steps.map(([first]) => first)).toEqual(['password', 'totp'])
    expect((await signIn.stepUp({ acr_values: 'urn:vestibule:acr:second-factor' }))?.accessToken).toEqual(
      expect.any(String),
    )
  })

  test('shows the second factor again when a refresh asks for it', async () => {
    const customer = await shop.enrol()
    const signIn = signInFor({ clientId: 'weekly-app' })
    await signIn.login(customer.email, customer.password, { onStep: async () => ({ otp: await customer.code() }) })
    await later(async () => {
      expect((await failureOf(signIn.refresh())).code).toBe('step_required')
      const tokens = await signIn.refresh({ onStep: async () => ({ recovery_code: customer.recoveryCode() }) })
      expect(tokens.accessToken).toEqual(expect.any(String))
    }, WEEK + 60)
  })

  test('is signed out here and at the server', async () => {
    const { email, password } = await shop.addCustomer()
    const signIn = signInFor()
    const tokens = await signIn.login(email, password)
    await signIn.logout()
    expect(await signIn.tokens()).toBeUndefined()
    expect(await introspect(issuer, String(tokens?.accessToken))).toEqual({ active: false })
    expect((await failureOf(signIn.refresh())).code).toBe('signed_out')
  })

  test('keeps a key that no script can read', async () => {
    const { email, password } = await shop.addCustomer()
    const store = memoryStore()
    await signInFor({ store }).login(email, password)
    const { key } = (await store.get()) ?? {}
    expect(key?.privateKey.extractable).toBe(false)
    await expect(crypto.subtle.exportKey('jwk', key?.privateKey as never)).rejects.toThrow()
  })
})
