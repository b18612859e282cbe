import { setTimeout as pause } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Login, refresh, ron, sonia, type Tokens, tokensOf } from '../endpoints/client.ts'
import { startTwoNodes, type TwoNodes } from '../storage/two-nodes.ts'
import { createCookieJar } from '../support/cookie-jar.ts'
import { describeOn } from '../support/describe-on.ts'
import { createRedisDatabase } from '../support/shared.ts'
import { untilAnswered } from '../support/until-answered.ts'
import { EVERY_DIALECT, openSignInPage, PASSWORD_ENDPOINTS, type PasswordEndpoint } from './password-endpoints.ts'

const GUESSES = 10_000
const IN_FLIGHT = 40
const VICTIM_PAUSE_MS = 100
/** The defaults: one account from one address, and from unknown places anywhere. */
const PAIR_LIMIT = 9
const ACCOUNT_LIMIT = 50
/** The first block of an account; strangers may guess again when it ends. */
const ACCOUNT_BLOCK_SECONDS = 60

const company: Login = { username: 'test@meetanshi.com', password: 'Meet@123' }
const openSpryker = endpointOf('Spryker').open
const from = (address: string) => ({ 'x-forwarded-for': address })
const stranger = (index: number) => from(`203.0.${Math.floor(index / 250)}.${1 + (index % 250)}`)

/** True when it went through. */
type SignIn = (index: number) => Promise<boolean>

describeOn('redis', 'guessing passwords on two nodes', () => {
  let nodes: TwoNodes
  let urls: readonly [string, string]
  beforeAll(async () => {
    const settings = { ...EVERY_DIALECT, TRUSTED_PROXIES: '127.0.0.1,::1', LOG_LEVEL: 'fatal' } as const
    nodes = await startTwoNodes(await createRedisDatabase(), settings)
    urls = [nodes.first.url, nodes.second.url]
  })
  afterAll(() => nodes?.stop())

  const nodeOf = (index: number) => urls[index % 2] as string
  /** One try where a lock shows: 201 right, 401 wrong, 429 locked. */
  const guess = async (index: number, login: Login, headers: Record<string, string>): Promise<number> => {
    const trySpryker = await openSpryker(nodeOf(index))
    const answer = await untilAnswered(() => trySpryker(login, headers))
    await answer.arrayBuffer()
    return answer.status
  }
  const wrong = (login: Login, index: number) => ({ ...login, password: `guess ${index}` })

  test('a burst over both nodes has no more passwords checked than the limit', async () => {
    const statuses = await Promise.all(
      Array.from({ length: 80 }, (_, index) => guess(index, wrong(company, index), from('198.51.100.80'))),
    )
    const checked = statuses.filter((status) => status === 401).length
    expect(checked).toBeLessThanOrEqual(PAIR_LIMIT)
    expect(checked).toBeGreaterThan(0)
    expect(new Set(statuses)).toEqual(new Set([401, 429]))
    expect(await guess(0, company, from('198.51.100.81')), 'from another address').toBe(201)
  })

  test('a lock won at one endpoint of one node is the lock of every endpoint of the other', async () => {
    const place = from('198.51.100.90')
    const oauth = await endpointOf('OAuth').open(urls[0])
    for (let index = 0; index < PAIR_LIMIT; index++) await oauth(wrong(ron, index), place)
    for (const { name, statuses, open } of PASSWORD_ENDPOINTS) {
      const tryRight = await open(urls[1], urls[0])
      const answer = await tryRight(ron, place)
      expect([name, answer.status]).toEqual([name, statuses.locked])
      if (name === 'Spryker') expect(await answer.text()).toContain('"4401"')
      const elsewhere = await tryRight(ron, from('198.51.100.91'))
      expect([name, elsewhere.status], 'from another address').toEqual([name, statuses.right])
    }
  })

  test("a sign-in to another account and a refresh, of one's own, reset no counter", async () => {
    const place = from('198.51.100.100')
    const own = await tokensOf(urls[0], sonia, place)
    for (let index = 0; index < PAIR_LIMIT - 1; index++) await guess(index, wrong(company, index), place)
    await tokensOf(urls[1], sonia, place)
    expect((await refresh(urls[0], own.refresh_token, {}, place)).status).toBe(200)
    expect(await guess(0, wrong(company, PAIR_LIMIT), place)).toBe(401)
    expect(await guess(1, company, place)).toBe(429)
  })

  test('a storm of guesses from everywhere stops the guesser, and never the buyer', { timeout: 480_000 }, async () => {
    const buyer = await createBuyer()
    const startedMs = performance.now()
    const attack = runAttack(sonia)
    const victim = await signInUntil(buyer, attack)
    const { checked, locked, other } = await attack
    const seconds = (performance.now() - startedMs) / 1000

    console.log(
      `attacker: ${checked + locked + other} guesses in ${seconds.toFixed(1)} s, ${checked} checked, ${locked} locked out\n` +
        Object.entries(victim)
          .map(
            ([way, { tries, refused, p95Ms }]) =>
              `buyer, ${way}: ${tries} sign-ins, ${refused} refused, p95 ${p95Ms} ms`,
          )
          .join('\n'),
    )
    expect(other).toBe(0)
    expect(checked).toBeLessThanOrEqual(ACCOUNT_LIMIT * (1 + Math.floor(seconds / ACCOUNT_BLOCK_SECONDS)))
    for (const [way, { tries, refused }] of Object.entries(victim)) {
      expect(tries, way).toBeGreaterThan(0)
      expect(refused, way).toBe(0)
    }
    if (seconds < ACCOUNT_BLOCK_SECONDS) expect(await guess(0, sonia, from('203.0.113.250')), 'a stranger').toBe(429)
  })

  async function runAttack(login: Login) {
    const counts = { checked: 0, locked: 0, other: 0 }
    let next = 0
    const worker = async () => {
      while (next < GUESSES) {
        const index = next++
        const status = await guess(index, wrong(login, index), stranger(index))
        counts[status === 401 ? 'checked' : status === 429 ? 'locked' : 'other']++
      }
    }
    await Promise.all(Array.from({ length: IN_FLIGHT }, worker))
    return counts
  }

  /** Sonia as she is known: by her browser's cookie, by the address of a sign-in, and by the address of a refresh. */
  async function createBuyer(): Promise<Readonly<Record<string, SignIn>>> {
    const [home, app] = [from('192.0.2.10'), from('192.0.2.20')]
    const tokens: Tokens = await tokensOf(urls[0], sonia, home)
    expect((await refresh(urls[1], tokens.refresh_token, {}, app)).status).toBe(200)
    const jar = createCookieJar()
    const first = await openSignInPage(urls[0], { jar })
    expect((await first(sonia, home)).status).toBe(303)
    return {
      'known browser, new address each time': async (index) => {
        const signIn = await openSignInPage(nodeOf(index), { jar, issuer: urls[0] })
        return (await untilAnswered(() => signIn(sonia, from(`192.0.3.${index % 250}`)))).status === 303
      },
      'known address': async (index) => (await guess(index, sonia, home)) === 201,
      'address of a refresh': async (index) => (await guess(index, sonia, app)) === 201,
    }
  }
})

function endpointOf(name: string): PasswordEndpoint {
  const endpoint = PASSWORD_ENDPOINTS.find((each) => each.name === name)
  if (!endpoint) throw new Error(`there is no endpoint named ${name}`)
  return endpoint
}

type LaneFigures = { tries: number; refused: number; p95Ms: number }

/** Signs the buyer in by each way in turn, again and again, until the attack is over. */
async function signInUntil(ways: Readonly<Record<string, SignIn>>, attack: Promise<unknown>) {
  let isOver = false
  const end = () => {
    isOver = true
  }
  attack.then(end, end)
  const tries = Object.keys(ways).map((name) => ({ name, durationsMs: [] as number[], refused: 0 }))
  for (let index = 0; !isOver; index++) {
    for (const way of tries) {
      const startedMs = performance.now()
      if (!(await ways[way.name]?.(index))) way.refused++
      way.durationsMs.push(performance.now() - startedMs)
    }
    await pause(VICTIM_PAUSE_MS)
  }
  return Object.fromEntries(tries.map(({ name, durationsMs, refused }) => [name, figuresOf(durationsMs, refused)]))
}

function figuresOf(durationsMs: number[], refused: number): LaneFigures {
  durationsMs.sort((a, b) => a - b)
  const p95Ms = Math.round(durationsMs[Math.floor(durationsMs.length * 0.95)] ?? 0)
  return { tries: durationsMs.length, refused, p95Ms }
}
