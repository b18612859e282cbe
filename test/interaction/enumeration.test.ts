import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createCookieJar } from '../support/cookie-jar.ts'
import { readForm } from '../support/http.ts'
import { type HostedShop, startHostedShop } from './hosted-shop.ts'

let shop: HostedShop
beforeAll(async () => {
  shop = await startHostedShop()
})
afterAll(() => shop?.stop())

const ROUNDS = 60
/** A busy machine blurs single answers; their medians differ by chance far less than by another code path. */
const MOST_DIFFERENT = 1.6

type Answer = { readonly ms: number; readonly seen: unknown }

/** Fills in a form of ours and tells what a stranger can see and measure. */
async function createStranger(path: string) {
  const jar = createCookieJar()
  const page = await jar.fetch(`${shop.server.url}${path}`)
  const { action, fields } = readForm(await page.text(), page.url)
  return async (given: Record<string, string>): Promise<Answer> => {
    const body = new URLSearchParams({ ...fields, ...given })
    const startedAtMs = performance.now()
    const answer = await jar.fetch(action, { method: 'POST', body })
    const text = await answer.text()
    const ms = performance.now() - startedAtMs
    return { ms, seen: { status: answer.status, text, headers: shownHeaders(answer.headers) } }
  }
}

/** Headers without those that differ from any request to the next. */
function shownHeaders(headers: Headers): Record<string, string> {
  const shown = Object.fromEntries(headers)
  for (const name of ['date', 'x-request-id', 'request-id', 'connection', 'keep-alive']) delete shown[name]
  return { ...shown, ...(shown['set-cookie'] && { 'set-cookie': shown['set-cookie'].replace(/expires=[^;]+/, '') }) }
}

/** The medians of two kinds of answers, asked for in turns. */
async function compare(known: () => Promise<Answer>, unknown: () => Promise<Answer>): Promise<number> {
  const [ofKnown, ofUnknown]: [number[], number[]] = [[], []]
  for (let round = 0; round < ROUNDS; round++) {
    const [one, two] = round % 2 === 0 ? [known, unknown] : [unknown, known]
    const [first, second] = [await one(), await two()]
    expect(first.seen).toEqual(second.seen)
    ofKnown.push(round % 2 === 0 ? first.ms : second.ms)
    ofUnknown.push(round % 2 === 0 ? second.ms : first.ms)
  }
  return median(ofKnown) / median(ofUnknown)
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN
}

describe('nobody learns who is a customer', { retry: 2, timeout: 120_000 }, () => {
  test('from the page for a forgotten password', async () => {
    const customer = await shop.addCustomer()
    const ask = await createStranger('/recovery')
    let count = 0
    const ratio = await compare(
      () => ask({ login: customer.email }),
      () => ask({ login: `nobody${count++}@example.com` }),
    )
    expect(Math.max(ratio, 1 / ratio)).toBeLessThan(MOST_DIFFERENT)
  })

  test('from the page for a new account', async () => {
    const customer = await shop.addCustomer()
    const ask = await createStranger('/registration')
    const given = { givenName: 'Nora', familyName: 'Neu', password: 'a password nobody has' }
    let count = 0
    const ratio = await compare(
      () => ask({ ...given, login: customer.email }),
      () => ask({ ...given, login: `newcomer${count++}@example.com` }),
    )
    expect(Math.max(ratio, 1 / ratio)).toBeLessThan(MOST_DIFFERENT)
  })

  test.each(['unblock', 'confirmation'])('from asking for a mail at the login page: %s', async (step) => {
    const customer = await shop.addCustomer({ emailVerified: step !== 'confirmation' })
    const visitor = shop.visitor()
    const login = await visitor.openLogin()
    const { fields } = readForm(login.html, login.url)
    let count = 0
    const ask = async (email: string): Promise<Answer> => {
      const body = new URLSearchParams({ csrf: fields.csrf ?? '', login: email })
      const startedAtMs = performance.now()
      const answer = await visitor.jar.fetch(`${login.url}/${step}`, { method: 'POST', body })
      const seen = { status: answer.status, text: await answer.text(), headers: shownHeaders(answer.headers) }
      return { ms: performance.now() - startedAtMs, seen }
    }
    const ratio = await compare(
      () => ask(customer.email),
      () => ask(`nobody${count++}@example.com`),
    )
    expect(Math.max(ratio, 1 / ratio)).toBeLessThan(MOST_DIFFERENT)
  })
})
