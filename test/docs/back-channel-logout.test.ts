import { symlinkSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import type { Express, Router } from 'express'
import express from 'express'
import { decodeJwt } from 'jose'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { ask } from '../admin/administrators.ts'
import { obtainCode, read, redeem, signIn, sonia, submit } from '../endpoints/client.ts'
import { createCookieJar } from '../support/cookie-jar.ts'
import { freePort } from '../support/free-port.ts'
import { basicAuth, postForm } from '../support/http.ts'
import { temporaryDirectory } from '../support/run-directory.ts'
import { waitFor } from '../support/wait-for.ts'
import { startPageServer } from './page-server.ts'
import { blocksOf } from './page-walk.ts'

const PAGE = 'docs/how-to/back-channel-logout.md'
const CALLBACK = 'https://shop.example/callback'
const SECRET = 'the-secret-of-the-shop-in-this-test-0123456789'
const NODE_MODULES = fileURLToPath(new URL('../../node_modules', import.meta.url))
const shopAuth = basicAuth('shop', SECRET)

let shop: Awaited<ReturnType<typeof startPageServer>>
let directory: string
const servers: Server[] = []
beforeAll(async () => {
  shop = await startPageServer()
  directory = temporaryDirectory('back-channel')
  symlinkSync(NODE_MODULES, join(directory, 'node_modules'))
  for (const block of blocksOf(PAGE, 'js')) writeFileSync(join(directory, /^\/\/ (\S+)/.exec(block)?.[1] ?? ''), block)
  vi.stubEnv('ISSUER', shop.server.url)
})
afterAll(async () => {
  await shop?.stop()
  for (const server of servers) server.close()
  // Files that come after in this process have an environment of their own.
  vi.unstubAllEnvs()
})

async function listen(app: Express, port = 0): Promise<string> {
  const server = createServer(app)
  servers.push(server)
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve))
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

const load = <Exports>(file: string) => import(pathToFileURL(join(directory, file)).href) as Promise<Exports>

async function addClient(client_id: string, members: object) {
  const metadata = { client_id, first_party: true, grant_types: ['authorization_code', 'refresh_token'], ...members }
  const made = await ask(shop.server, shop.token, 'POST', '/v1/clients', { metadata, secret: SECRET })
  expect([made.status, made.body.detail]).toEqual([201, undefined])
}

const signOutSonia = async (sub: unknown) =>
  expect((await ask(shop.server, shop.token, 'POST', '/v1/sign-outs', { of: 'customer', id: sub })).status).toBe(200)

test('the receiver of the page ends the session that it is told of, and refuses everything else', async () => {
  vi.stubEnv('CLIENT_ID', 'shop')
  const receiver = await load<{ backChannelLogout: Router; isSignedOut: (claims: object) => boolean }>(
    'back-channel.mjs',
  )
  const tokens: string[] = []
  const app = express()
  app.use(express.urlencoded({ extended: false }), (request, _response, next) => {
    tokens.push(request.body.logout_token)
    next()
  })
  app.use(receiver.backChannelLogout)
  const url = await listen(app)
  await addClient('shop', { redirect_uris: [CALLBACK], post_logout_redirect_uris: [] })
  const walk = shop.walk(PAGE, { 'https://shop.example/backchannel-logout': `${url}/backchannel-logout` })
  await walk.next('backchannel_logout_uri')
  walk.end()

  const fields = { client_id: 'shop', redirect_uri: CALLBACK, scope: 'openid email' }
  const sessions = await Promise.all(
    [1, 2].map(async () => {
      const { code, verifier, jar } = await obtainCode(shop.server.url, fields)
      const { body } = await read(redeem(shop.server.url, code, verifier, { redirect_uri: CALLBACK }, shopAuth))
      return { jar, idToken: String(body.id_token), claims: decodeJwt(body.id_token) }
    }),
  )
  const [first, second] = sessions
  if (!first || !second) throw new Error('two sessions')
  expect(sessions.map(({ claims }) => receiver.isSignedOut(claims))).toEqual([false, false])

  const page = await first.jar.follow(await first.jar.fetch(`${shop.server.url}/logout?client_id=shop`))
  await submit(first.jar, page, { logout: 'yes' })
  await waitFor(() => receiver.isSignedOut(first.claims), { what: 'the first session ends' })
  expect(receiver.isSignedOut(second.claims)).toBe(false)
  await signOutSonia(second.claims.sub)
  await waitFor(() => receiver.isSignedOut(second.claims), { what: 'the second session ends' })

  for (const token of [undefined, '', 'x.y.z', first.idToken, tokens[0]]) {
    const answer = await postForm(`${url}/backchannel-logout`, { logout_token: token })
    expect([answer.status, answer.headers.get('cache-control')]).toEqual([400, 'no-store'])
  }
})

test('an app on express-openid-connect, set up as the page says, loses its session by a sign-out elsewhere', async () => {
  const port = await freePort()
  const url = `http://127.0.0.1:${port}`
  const settings = { CLIENT_ID: 'web', CLIENT_SECRET: SECRET, SESSION_SECRET: SECRET, BASE_URL: url }
  for (const [name, value] of Object.entries(settings)) vi.stubEnv(name, value)
  const store = `const kept = new Map()
export const store = {
  get: (id, done) => done(null, kept.get(id)),
  set: (id, value, done) => done(null, void kept.set(id, value)),
  destroy: (id, done) => done(null, void kept.delete(id)),
}`
  writeFileSync(join(directory, 'store.mjs'), store)
  const { app } = await load<{ app: Express }>('express-openid-connect.mjs')
  await listen(app, port)
  await addClient('web', { redirect_uris: [`${url}/callback`], backchannel_logout_uri: `${url}/backchannel-logout` })

  const jar = createCookieJar()
  const open = async () => jar.follow(await jar.fetch(url))
  const after = await signIn(jar, await open(), sonia)
  const sub = await after.response.text()
  expect(new URL(after.url).origin).toBe(url)
  expect(await (await open()).response.text()).toBe(sub)
  await signOutSonia(sub)
  const isOver = async () => new URL((await open()).url).origin === shop.server.url
  await waitFor(isOver, { what: 'the app asks for another sign-in' })
  const again = await signIn(jar, await open(), sonia)
  expect(await again.response.text()).toBe(sub)
})
