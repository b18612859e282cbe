import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { runCommand } from '../cli/run-command.ts'
import { type CollectedSpan, SERVER, startCollector } from '../support/collector.ts'
import { createCookieJar } from '../support/cookie-jar.ts'
import { postForm } from '../support/http.ts'
import { startTestServer, type TestServer } from '../support/server.ts'
import {
  authorizationUrl,
  CALLBACK,
  obtainCode,
  pkce,
  read,
  redeem,
  ron,
  signIn,
  sonia,
  submit,
  thirdParty,
} from './client.ts'

const ADMIN_TOKEN = 'a-token-of-forty-characters-for-this-test'
let collector: Awaited<ReturnType<typeof startCollector>>
let server: TestServer
beforeAll(async () => {
  collector = await startCollector()
  const settings = { OTEL_EXPORTER_OTLP_ENDPOINT: collector.url, AUDIT_STREAM: 'log', LOG_LEVEL: 'info' }
  server = await startTestServer({ ...settings, ADMIN_TOKEN }, { captureLog: true })
})
afterAll(async () => {
  await server?.stop()
  await collector?.close()
})

type Line = {
  readonly path?: string
  readonly signIn?: string
  readonly traceId: string
  readonly requestId?: string
  readonly audit?: { readonly type: string; readonly signIn?: string; readonly requestId?: string }
}
/** A browser that notes the ids of the interactions it was led through. */
function browser() {
  const uids: string[] = []
  const jar = createCookieJar({
    reach: (url) => {
      const uid = /\/interaction\/([\w-]+)/.exec(String(url))?.[1]
      if (uid) uids.push(uid)
      return url
    },
  })
  return { jar, uids }
}

/** What a person and an app do, and the entries of the trail that come of it. */
type Walk = {
  readonly of: string
  readonly walk: () => Promise<{ uids: readonly string[] }>
  readonly entries: readonly string[]
}

const asThirdParty = { client_id: 'third-party-app', scope: 'openid profile' }

async function throughPages(start: (challenge: string) => Promise<string>, login = sonia) {
  const { jar, uids } = browser()
  const { verifier, challenge } = pkce()
  const page = await jar.follow(await jar.fetch(await start(challenge)), { stopAt: CALLBACK })
  const again = await signIn(jar, page, { ...login, password: 'not it' })
  let next = await signIn(jar, again, login)
  if (next.url.includes('/interaction/')) next = await submit(jar, next, { decision: 'allow' })
  return { jar, uids, verifier, code: new URL(next.url).searchParams.get('code') ?? '' }
}

const WALKS: readonly Walk[] = [
  {
    of: 'a first-party app',
    async walk() {
      const code_challenge_method = 'S256'
      const { uids, code, verifier } = await throughPages(async (code_challenge) =>
        authorizationUrl(server.url, { code_challenge, code_challenge_method }),
      )
      expect((await redeem(server.url, code, verifier)).status).toBe(200)
      return { uids }
    },
    entries: ['login.refused', 'login.succeeded', 'token.issued'],
  },
  {
    of: 'an app that asks for consent, which is a second interaction',
    async walk() {
      const code_challenge_method = 'S256'
      const { uids, code, verifier } = await throughPages(async (code_challenge) =>
        authorizationUrl(server.url, { ...asThirdParty, code_challenge, code_challenge_method }),
      )
      expect(new Set(uids).size).toBe(2)
      expect((await redeem(server.url, code, verifier, {}, thirdParty)).status).toBe(200)
      return { uids }
    },
    entries: ['login.refused', 'login.succeeded', 'token.issued'],
  },
  {
    of: 'a pushed request',
    async walk() {
      const { uids, code, verifier } = await throughPages(async (code_challenge) => {
        const code_challenge_method = 'S256'
        const url = authorizationUrl(server.url, { ...asThirdParty, code_challenge, code_challenge_method })
        const { searchParams } = new URL(url)
        const { body } = await read(postForm(`${server.url}/par`, Object.fromEntries(searchParams), thirdParty))
        const { request_uri } = body
        return `${server.url}/authorize?${new URLSearchParams({ client_id: asThirdParty.client_id, request_uri })}`
      }, ron)
      expect((await redeem(server.url, code, verifier, {}, thirdParty)).status).toBe(200)
      return { uids }
    },
    entries: ['login.refused', 'login.succeeded', 'token.issued'],
  },
  {
    of: 'a device',
    async walk() {
      const client_id = 'device-app'
      const { body: device } = await read(
        postForm(`${server.url}/device_authorization`, { client_id, scope: 'openid' }),
      )
      const { jar, uids } = browser()
      const input = await jar.follow(await jar.fetch(`${server.url}/device?user_code=${device.user_code}`))
      const confirm = await submit(jar, input, { user_code: device.user_code }, 'http://client.invalid')
      const page = await submit(jar, confirm, { confirm: 'yes' }, 'http://client.invalid')
      const next = await signIn(jar, page, sonia, 'http://client.invalid')
      await submit(jar, next, { decision: 'allow' }, 'http://client.invalid')
      const grant_type = 'urn:ietf:params:oauth:grant-type:device_code'
      const polled = await postForm(`${server.url}/token`, { grant_type, device_code: device.device_code, client_id })
      expect(polled.status).toBe(200)
      return { uids }
    },
    entries: ['login.succeeded', 'token.issued'],
  },
]

async function linesOf<T>(act: () => Promise<T>): Promise<{ lines: Line[]; done: T }> {
  const before = server.logLines.length
  const done = await act()
  return { lines: server.logLines.slice(before).map((line) => JSON.parse(line) as Line), done }
}

/** Pages that no sign-in is begun at yet, and what pages load. */
const isBeside = ({ path = '' }: Line) => path === '/device' || path.startsWith('/assets/')

describe.each(WALKS)('one digest names the sign-in of $of', ({ walk, entries }) => {
  test('in every line of the log, in the trail and in traces, and no id of an interaction is in the log', async () => {
    const { lines, done } = await linesOf(walk)
    const accesses = lines.filter((line) => line.path !== undefined && !isBeside(line))
    const digests = new Set([...accesses, ...lines.filter(({ audit }) => audit)].map(({ signIn }) => signIn))
    expect([...digests]).toEqual([expect.stringMatching(/^[\w-]{22}$/)])
    const [digest] = digests
    const events = lines.flatMap(({ audit, requestId }) => (audit ? [{ ...audit, line: requestId }] : []))
    expect(events.map(({ type }) => type).filter((type) => entries.includes(type))).toEqual(entries)
    for (const { line, ...event } of events) expect(event).toMatchObject({ signIn: digest, requestId: line })

    const listed = await runCommand(['audit', 'list', '--sign-in', String(digest), '--json'], {
      ADMIN_URL: server.adminUrl,
      ADMIN_TOKEN,
    })
    expect(
      JSON.parse(listed.stdout)
        .entries.map(({ type }: { type: string }) => type)
        .reverse(),
    ).toEqual(events.map(({ type }) => type))

    const last = accesses.at(-1) as Line
    const [root] = (await collector.trace(last.traceId)).filter(({ kind }: CollectedSpan) => kind === SERVER)
    expect(root?.attributes).toContainEqual({ key: 'vestibule.sign_in', value: { stringValue: digest } })

    expect(done.uids.length).toBeGreaterThan(0)
    const written = JSON.stringify(lines)
    for (const uid of done.uids) expect(written).not.toContain(uid)
  })
})

test('a code without an interaction, because its browser is signed in, is followed to its redemption', async () => {
  const { lines } = await linesOf(async () => {
    const { jar } = await throughPages(async (code_challenge) =>
      authorizationUrl(server.url, { code_challenge, code_challenge_method: 'S256' }),
    )
    const { challenge, verifier } = pkce()
    const url = authorizationUrl(server.url, { code_challenge: challenge, code_challenge_method: 'S256' })
    const { url: back } = await jar.follow(await jar.fetch(url), { stopAt: CALLBACK })
    await redeem(server.url, new URL(back).searchParams.get('code') ?? '', verifier)
  })
  const [first, second] = lines.filter(({ path }) => path === '/authorize')
  expect(second?.signIn).not.toBe(first?.signIn)
  expect(lines.filter(({ path }) => path === '/token')).toMatchObject([{ signIn: second?.signIn }])
})

test('two sign-ins at once in one browser have a digest each', async () => {
  const { lines } = await linesOf(() => Promise.all([obtainCode(server.url), obtainCode(server.url)]))
  const digests = lines.filter(({ path }) => path === '/authorize').map(({ signIn: digest }) => digest)
  expect(new Set(digests).size).toBe(2)
})

test('a digest that is none finds nothing, and fails nothing', async () => {
  const status = async (query: string) => {
    const answer = await fetch(`${server.adminUrl}/v1/audit?${query}`, {
      headers: { authorization: `Bearer ${ADMIN_TOKEN}` },
    })
    const { items } = (await answer.json()) as { items?: unknown[] }
    return [answer.status, items]
  }
  for (const digest of ['x', "'; drop table audit_entries", 'ünï', 'a'.repeat(4000), '%25'])
    expect(await status(`signIn=${encodeURIComponent(digest)}`)).toEqual([200, []])
  for (const query of ['signIn=%00', 'signIn=a&signIn=b', 'signIn[]=a', 'signin=a'])
    expect([query, (await status(query))[0]]).toEqual([query, 400])
})

test('the chain is whole with entries of followed sign-ins and others in it', async () => {
  const environment = { ADMIN_URL: server.adminUrl, ADMIN_TOKEN }
  await obtainCode(server.url)
  const { stdout } = await runCommand(['audit', 'list', '--json'], environment)
  const kinds = new Set(
    (JSON.parse(stdout).entries as { signIn?: string }[]).map(({ signIn: digest }) => typeof digest),
  )
  expect([...kinds].sort()).toEqual(['string', 'undefined'])
  expect(await runCommand(['audit', 'verify'], environment)).toMatchObject({ code: 0, stderr: '' })
})
