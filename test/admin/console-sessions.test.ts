import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import Koa from 'koa'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { createConsoleSessions } from '../../src/admin/console/sessions.ts'
import { createMemoryStorage } from '../../src/storage/memory.ts'
import type { Artifact } from '../../src/storage/storage.ts'

const HOUR = 3600
const signedIn = { credential: 'vat_a-token-that-opens-everything', name: 'ops@example.com' }
let now: number
let kept: Artifact[]
let server: Server
let origin: string

/** Sessions over a clock that the test moves, behind the smallest server: `/open`, and any path asks who is there. */
beforeEach(async () => {
  now = 1_800_000_000
  kept = []
  const storage = createMemoryStorage(() => now)
  const sessions = createConsoleSessions(
    {
      ...storage,
      put(kind, id, artifact, ttlSeconds) {
        kept.push(artifact)
        return storage.put(kind, id, artifact, ttlSeconds)
      },
    },
    () => now,
  )
  const app = new Koa()
  app.use(async (ctx) => {
    if (ctx.path === '/open') await sessions.open(ctx, signedIn)
    const session = ctx.path === '/open' ? undefined : await sessions.find(ctx)
    if (session) await sessions.extend(session)
    ctx.body = { credential: session?.credential ?? null }
  })
  server = createServer(app.callback()).listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})
afterEach(() => void server.close())

async function open(): Promise<string> {
  const answer = await fetch(`${origin}/open`)
  return answer.headers.getSetCookie()[0]?.split(';')[0] ?? ''
}
async function credentialOf(cookie: string): Promise<string | null> {
  const answer = await fetch(origin, { headers: { cookie } })
  return ((await answer.json()) as { credential: string | null }).credential
}

test('a session brings back what was signed in with, and another cookie brings nothing', async () => {
  const cookie = await open()
  expect(await credentialOf(cookie)).toBe(signedIn.credential)
  expect(await credentialOf(`${cookie.slice(0, -1)}${cookie.endsWith('A') ? 'B' : 'A'}`)).toBeNull()
  expect(await credentialOf('')).toBeNull()
})

test('nothing that is kept holds the credential or the name in clear', async () => {
  await open()
  expect(kept.length).toBe(1)
  expect(JSON.stringify(kept)).not.toMatch(/vat_|ops@example/)
})

test('a session is over after an hour without use', async () => {
  const cookie = await open()
  now += HOUR - 1
  expect(await credentialOf(cookie)).toBe(signedIn.credential)
  now += HOUR - 1
  expect(await credentialOf(cookie)).toBe(signedIn.credential)
  now += HOUR + 1
  expect(await credentialOf(cookie)).toBeNull()
})

test('a session is over after twelve hours, however busy it is', async () => {
  const cookie = await open()
  for (let hours = 0; hours < 12; hours += 0.5) {
    expect(await credentialOf(cookie)).toBe(signedIn.credential)
    now += HOUR / 2
  }
  now += 1
  expect(await credentialOf(cookie)).toBeNull()
})
