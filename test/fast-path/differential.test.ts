import { afterAll, beforeAll, expect, test } from 'vitest'
import { ron, sonia } from '../endpoints/client.ts'
import { ADMIN } from '../storage/shop.ts'
import { describeOn } from '../support/describe-on.ts'
import { freePort } from '../support/free-port.ts'
import { basicAuth } from '../support/http.ts'
import { startTestServer, type TestServer } from '../support/server.ts'
import { createDatabase, createRedisDatabase } from '../support/shared.ts'
import { query } from '../support/sql.ts'
import { likeness, sameBut } from './compare.ts'
import { createRandom, type Generated, generate } from './generate.ts'
import { addClients, introduce, makeTokens, type Pair, SECRET, signInTwice } from './pairs.ts'
import { createRawClient, type RawAnswer } from './raw-client.ts'

const REQUESTS = 3000
const SEED = 20261130

/** Apps whose sign-ins are refreshed. */
const APPS = [
  { client_id: 'public-app', ...ron },
  { client_id: 'public-app', ...sonia },
  { client_id: 'public-app', ...ron, scope: 'openid customer' },
  { client_id: 'frontend', ...sonia, scope: 'customer orders:read' },
  { client_id: 'secret-app', client_secret: SECRET, ...ron },
  { client_id: 'lazy-app', ...ron },
  { client_id: 'no-retry-app', ...ron },
  { client_id: 'no-refresh', ...ron },
]

/** The refresh tokens of an app's sign-in at each of the servers: the newest, and the one before. */
type Chain = { readonly app: (typeof APPS)[number]; now: Pair; before: Pair }

describeOn('redis', 'a server with the fast path answers as one without', () => {
  let fast: TestServer
  let plain: TestServer
  let DATABASE_URL = ''
  const requestIds: Pair[] = []
  beforeAll(async () => {
    DATABASE_URL = await createDatabase({ demo: true })
    const REDIS_URL = await createRedisDatabase()
    fast = await startTestServer({ ...ADMIN, DATABASE_URL, REDIS_URL })
    const { ISSUER, KEYS_URL } = fast.config
    plain = await startTestServer({
      ...ADMIN,
      DATABASE_URL,
      REDIS_URL,
      ISSUER,
      KEYS_URL,
      PORT: String(await freePort()),
      FAST_PATH: 'false',
    })
    await addClients(fast, ADMIN.ADMIN_TOKEN)
    await Promise.all([fast, plain].map(({ config }) => introduce(`http://localhost:${config.PORT}`)))
  })
  afterAll(() => Promise.all([fast?.stop(), plain?.stop()]))

  test(`to ${REQUESTS} generated requests, to the byte but for times and random parts`, async () => {
    const random = createRandom(SEED)
    const tokens = [...(await makeTokens(fast)).values()]
    const clients = [fast, plain].map(({ config }) => createRawClient(config.PORT))
    const chains = await Promise.all(APPS.map(startChain))
    const kinds = new Map<string, number>()
    const differences: string[] = []
    for (let count = 0; count < REQUESTS && differences.length < 5; count++) {
      const generated = generate(random, tokens, chains.length)
      const chain = generated.refreshes && chains[generated.refreshes.chain]
      const isHead = generated.method === 'HEAD'
      const sent = [0, 1].map((side) => write(generated, chain, side as 0 | 1))
      const answers = await Promise.all(clients.map((client, side) => client.send(String(sent[side]), { isHead })))
      const [first, second] = answers as [RawAnswer, RawAnswer] // one of each server
      // A store that was too slow for one of them says nothing about either.
      if ([first, second].some(({ status }) => status.includes(' 503 '))) {
        if (chain) Object.assign(chain, await startChain(chain.app))
        continue
      }
      const difference = sameBut(first, second)
      if (difference) differences.push(`${sent[0]}\n→ ${difference}`)
      kinds.set(likeness(generated, first), (kinds.get(likeness(generated, first)) ?? 0) + 1)
      requestIds.push([idOf(first), idOf(second)])
      if (chain) await goOn(chain, [first, second])
    }
    for (const client of clients) client.close()
    expect(differences.join('\n\n')).toBe('')
    expect(requestIds.length).toBeGreaterThan(REQUESTS * 0.95)
    // The generator makes what it is meant to make.
    expect([...kinds.keys()].sort()).toEqual(
      expect.arrayContaining([
        'introspect 200 active',
        'introspect 200 inactive',
        'introspect 400',
        'introspect 401',
        'read 200',
        'token 200',
        'token 400',
        'token 401',
      ]),
    )
    console.log(
      [...kinds]
        .sort()
        .map(([kind, times]) => `${kind}: ${times}`)
        .join('\n'),
    )
  })

  test('by the fast path where it may, and never by it where it is switched off', async () => {
    const counts = await fastAnswers(fast)
    for (const route of ['discovery', 'introspect', 'jwks', 'token'])
      expect([route, (counts[route] ?? 0) > 50]).toEqual([route, true])
    expect(await fastAnswers(plain)).toEqual({})
  })

  test('and puts the same on record', async () => {
    await Promise.all([fast.stop(), plain.stop()])
    const rows = (await query(
      DATABASE_URL,
      `select request_id, type, actor, customer_id, client_id, ip, reason, grant_id is not null as has_grant
       from audit_entries order by seq`,
    )) as Entry[] // as they are selected
    const of = (id: string) => rows.filter((row) => row.request_id === id).map(({ request_id: _id, ...rest }) => rest)
    const noted = requestIds.filter(([first, second]) => first !== second && of(first).length > 0)
    expect(noted.length).toBeGreaterThan(200)
    for (const [first, second] of requestIds) if (first !== second) expect(of(first)).toEqual(of(second))
    const records = await query(
      DATABASE_URL,
      `select kind, client_id, account_id, company_user_id, place is null as has_no_place, count(*)::integer as count
       from token_records where client_id in ('by-header', 'by-form', 'with-scopes', 'short-lived', 'public-app')
       group by 1, 2, 3, 4, 5`,
    )
    // Each token that one server issued has its twin; those of the set-up came from one of them alone.
    expect(records.filter(({ count }) => Number(count) < 2)).toEqual([])
  })

  async function startChain(app: Chain['app']): Promise<Chain> {
    const now = await signInTwice(fast.url, app)
    return { app, now, before: now }
  }

  /** What each app knows after an answer: the tokens it was given, or that it has to sign in again. */
  async function goOn(chain: Chain, answers: readonly [RawAnswer, RawAnswer]): Promise<void> {
    const given = answers.map(({ body }) => /"refresh_token":"([^"]+)"/.exec(body)?.[1])
    const [first, second] = given
    if (first && second && first !== chain.now[0]) {
      chain.before = chain.now
      chain.now = [first, second]
    }
    const isDead = answers.every(({ status, body }) => status.includes('400') && body.includes('invalid_grant'))
    if (isDead) Object.assign(chain, await startChain(chain.app))
  }

  /** The bytes of a request to one of the servers. */
  function write(
    { method, path, fields, headers, refreshes }: Generated,
    chain: Chain | undefined,
    side: 0 | 1,
  ): string {
    const value = chain && (refreshes?.isPrevious ? chain.before : chain.now)[side]
    const all = fields.map(([name, given]) => [name, given === '{token}' ? String(value) : given] as const)
    const own = chain ? ownProof(chain.app) : { fields: [], headers: [] }
    const form = [...all, ...own.fields].map(
      ([name, given]) => `${encodeURIComponent(name)}=${encodeURIComponent(given)}`,
    )
    const body = fields.length > 0 ? form.join('&') : ''
    const lines = [
      `${method} ${path} HTTP/1.1`,
      `Host: localhost:${fast.config.PORT}`,
      ...[...headers, ...own.headers].map(([name, given]) => `${name}: ${given}`),
      ...(body === '' ? [] : [`Content-Length: ${Buffer.byteLength(body, 'latin1')}`]),
    ]
    return `${lines.join('\r\n')}\r\n\r\n${body}`
  }
})

type Entry = { readonly request_id: string } & Readonly<Record<string, unknown>>

function ownProof(app: (typeof APPS)[number]) {
  const { client_id: id } = app
  if ('client_secret' in app)
    return { fields: [], headers: [['Authorization', basicAuth(id, SECRET).authorization]] as const }
  return { fields: [['client_id', id]] as const, headers: [] }
}

function idOf({ headers }: RawAnswer): string {
  return headers.find(([name]) => name === 'X-Request-Id')?.[1] ?? ''
}

async function fastAnswers({ adminUrl }: TestServer): Promise<Record<string, number>> {
  const answer = await fetch(`${adminUrl}/metrics`, { headers: { authorization: `Bearer ${ADMIN.ADMIN_TOKEN}` } })
  const lines = (await answer.text()).matchAll(/^vestibule_fast_path_answers_total\{route="(\w+)"\} (\d+)/gm)
  return Object.fromEntries([...lines].map(([, route, count]) => [route, Number(count)]))
}
