import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { addService } from '../dialects/commercetools/endpoints.ts'
import { type HostedShop, isSignedIn, startHostedShop } from '../interaction/hosted-shop.ts'
import { customerWithPasskey, signInWith } from '../interaction/passkey-visitor.ts'
import { waitFor } from '../support/wait-for.ts'
import { SELF_SERVICE_ENDPOINTS } from './self-service-endpoints.ts'

/** One account from one address, by default. */
const LOCKOUT_LIMIT = 9
const NEW = 'a password of the thief'

let shop: HostedShop
let url: string
let places = 0
beforeAll(async () => {
  shop = await startHostedShop()
  url = shop.server.url
  await addService(shop.server.adminUrl)
})
afterAll(() => shop?.stop())

/** An address that nobody came from before. */
const newPlace = () => ({ 'x-forwarded-for': `203.0.113.${++places}` })
const keyOf = (link: string) => new URL(link).searchParams.get('token') ?? 'no key'

describe.each(SELF_SERVICE_ENDPOINTS)('at $name', (endpoint) => {
  const { changed, wrong, locked, reset } = endpoint.statuses
  const signedIn = async (place: Record<string, string>) => {
    const { email, password } = await shop.addCustomer()
    const login = { username: email, password }
    return { login, who: await endpoint.signIn(url, login, place) }
  }

  const newKey = async (email: string) => {
    if (endpoint.issueKey) return endpoint.issueKey(url, email)
    await endpoint.requestReset?.(url, email, newPlace())
    const links = () => shop.sink.mailsTo(email).flatMap(({ link }) => (link.includes('token=') ? [link] : []))
    await waitFor(() => links().length > 0)
    return keyOf(String(links()[0]))
  }

  test('a stolen token guesses the password no more often than a sign-in does', async () => {
    const place = newPlace()
    const { login, who } = await signedIn(place)
    const guess = async (current: string) => (await endpoint.change(url, who, { current, next: NEW }, place)).status
    for (let count = 0; count < LOCKOUT_LIMIT; count++)
      expect([count, await guess(`wrong ${count}`)]).toEqual([count, wrong])
    expect(await guess(login.password)).toBe(locked)
    expect(await endpoint.isLetIn(url, login, place)).toBe(false)
  })

  test('guesses at the sign-in and at the change are counted together, also of many at once', async () => {
    const place = newPlace()
    const { login, who } = await signedIn(place)
    for (let count = 0; count < 4; count++)
      expect(await endpoint.isLetIn(url, { ...login, password: `wrong ${count}` }, place)).toBe(false)
    const statuses = await Promise.all(
      Array.from({ length: 20 }, async (_, index) => {
        const answer = await endpoint.change(url, who, { current: `guess ${index}`, next: NEW }, place)
        return answer.status
      }),
    )
    expect(statuses.filter((status) => status === wrong).length).toBeLessThanOrEqual(LOCKOUT_LIMIT - 4)
    expect(await endpoint.isLetIn(url, login, place)).toBe(false)
  })

  test('a password that was refused by the policy is no way to learn whether the current one was right', async () => {
    const place = newPlace()
    const { who } = await signedIn(place)
    const answer = await endpoint.change(url, who, { current: 'wrong', next: 'password1' }, place)
    expect(answer.status).toBe(wrong)
    expect(answer.text).not.toMatch(/common/)
  })

  test('the token of one customer changes nothing of another, whose password is known', async () => {
    const [own, other] = [await signedIn(newPlace()), await signedIn(newPlace())]
    const crossed = { token: own.who.token, account: other.who.account }
    const { password: current } = other.login
    expect((await endpoint.change(url, crossed, { current, next: NEW }, newPlace())).status).not.toBe(changed)
    expect(await endpoint.isLetIn(url, other.login, newPlace())).toBe(true)
    expect(await endpoint.isLetIn(url, own.login, newPlace())).toBe(true)
  })

  test('a token that ended changes nothing', async () => {
    const place = newPlace()
    const { login, who } = await signedIn(place)
    expect((await endpoint.change(url, who, { current: login.password, next: NEW }, place)).status).toBe(changed)
    const again = await endpoint.change(url, who, { current: NEW, next: login.password }, place)
    expect([401, 403]).toContain(again.status)
    expect(await endpoint.isLetIn(url, { ...login, password: NEW }, place)).toBe(true)
  })

  const byKey = endpoint.reset
  if (byKey)
    test('of many who use one key at once, one sets the password, and nobody uses it again', async () => {
      const { email } = await shop.addCustomer()
      const key = await newKey(email)
      const passwords = Array.from({ length: 8 }, (_, index) => `a new password ${index}`)
      const answers = await Promise.all(passwords.map((password) => byKey(url, { key, email }, password, newPlace())))
      expect(answers.filter(({ status }) => status === reset)).toHaveLength(1)
      expect((await byKey(url, { key, email }, NEW, newPlace())).status).not.toBe(reset)
      const letIn = await Promise.all(
        passwords.map((password) => endpoint.isLetIn(url, { username: email, password }, newPlace())),
      )
      expect(letIn).toEqual(answers.map(({ status }) => status === reset))
    })

  if (byKey)
    test('a recovery leaves no passkey that somebody else may have added', async () => {
      const owner = await customerWithPasskey(shop)
      const { email } = owner.customer
      expect(isSignedIn(await signInWith(owner, shop.visitor(newPlace())))).toBe(true)
      const answer = await byKey(url, { key: await newKey(email), email }, NEW, newPlace())
      expect(answer.status).toBe(reset)
      expect(isSignedIn(await signInWith(owner, shop.visitor(newPlace())))).toBe(false)
      expect(isSignedIn(await owner.visitor.openLogin())).toBe(false)
    })

  if (byKey)
    test('the key of a confirmation sets no password', async () => {
      const email = `somebody.new${++places}@example.com`
      const visitor = shop.visitor()
      await visitor.submit(await visitor.open('/registration'), '/registration', {
        login: email,
        givenName: 'Some',
        familyName: 'Body',
        password: 'a good password 7',
      })
      const { link } = await shop.sink.mailTo(email)
      expect((await byKey(url, { key: keyOf(link), email }, NEW, newPlace())).status).not.toBe(reset)
    })

  const { requestReset } = endpoint
  if (requestReset)
    test('nobody is bombed with letters, from one place or from many, and the owner still gets one', async () => {
      if (!requestReset) return
      const { email, password } = await shop.addCustomer()
      const home = newPlace()
      expect(await endpoint.isLetIn(url, { username: email, password }, home)).toBe(true)
      const flood = Array.from({ length: 40 }, (_, index) => ({ 'x-forwarded-for': `198.51.100.${index % 20}` }))
      const statuses = await Promise.all(flood.map(async (place) => (await requestReset(url, email, place)).status))
      expect(new Set(statuses).size).toBe(1)
      await waitFor(() => shop.sink.mailsTo(email).length >= 9)
      await requestReset(url, email, home)
      await waitFor(() => shop.sink.mailsTo(email).length === 10)
    })

  if (requestReset)
    test('one place cannot ask for letters without end, whomever they are for', async () => {
      const place = newPlace()
      const ask = async (index: number) => (await requestReset(url, `nobody${index}@example.com`, place)).status
      const statuses: number[] = []
      for (let index = 0; index < 62; index++) statuses.push(await ask(index))
      expect(new Set(statuses.slice(0, 60)).size).toBe(1)
      expect(statuses.slice(60)).toEqual([429, 429])
    })
})
