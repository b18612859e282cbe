import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { CALLBACK, read, sonia } from '../endpoints/client.ts'
import { CHECKOUT, ORDERS, platformAt } from '../endpoints/platform.ts'
import { later } from '../support/clock.ts'
import { type Daemon, startDaemon } from '../support/daemon.ts'
import { freePort } from '../support/free-port.ts'
import { installPacked } from '../support/packed-resource-server.ts'
import { temporaryDirectory } from '../support/run-directory.ts'
import { waitFor } from '../support/wait-for.ts'
import { startPageServer } from './page-server.ts'
import { blocksOf } from './page-walk.ts'

const PAGE = 'docs/how-to/link-agents.md'
const SECRET = /^[\w-]{43}$/m
const TWO_DAYS_SECONDS = 172_800

let shop: Awaited<ReturnType<typeof startPageServer>>
let service: Daemon | undefined
beforeAll(async () => {
  shop = await startPageServer()
})
afterAll(async () => {
  await service?.kill()
  await shop?.stop()
})

test('linking goes as its page says, from the first 401 to the end of the platform', async () => {
  const port = await freePort()
  const resource = `http://localhost:${port}/ucp`
  const walk = shop.walk(PAGE, {
    'https://id.shop.example': shop.server.url,
    'https://shop.example/ucp': resource,
    'https://assistants.example/callback': CALLBACK,
  })
  expect(await walk.next('resource-servers create')).toContain(`${resource} is registered`)
  const made = await walk.next('clients create assistants.json')
  const agents = platformAt(shop.server.url, 'example-assistants', { secret: SECRET.exec(made)?.[0] })
  expect(await walk.next('curl')).toContain(CHECKOUT)
  await walk.next('shop-checks.json')
  const metadata = await read(fetch(`${shop.server.url}/.well-known/openid-configuration`))
  expect(metadata.body.scopes_supported).toContain('com.example.loyalty:points')

  const secretOfShop = SECRET.exec(readFileSync(join(walk.directory, 'shop-checks.txt'), 'utf8'))?.[0] ?? ''
  const origin = await startShop({ port, resource, secret: secretOfShop })
  const call = async (
    method: string,
    path: string,
    token?: string,
    agent = 'https://assistants.example/.well-known/ucp',
  ) => {
    const headers = { 'ucp-agent': `profile="${agent}"`, ...(token && { authorization: `Bearer ${token}` }) }
    const { status, headers: answered, body } = await read(fetch(`${origin}${path}`, { method, headers }))
    return { status, challenge: answered.get('www-authenticate') ?? '', body }
  }
  const checkOut = (token: string) => call('POST', '/ucp/checkout-sessions', token)

  const nobody = await call('GET', '/ucp/orders')
  expect([nobody.status, nobody.body.messages[0].code]).toEqual([401, 'identity_required'])
  expect(nobody.challenge).toContain(`realm="${shop.server.url}"`)
  expect(nobody.challenge).not.toContain('error=')

  // Without a scope the client's default is asked for.
  const first = await agents.link({ scope: undefined }, { login: sonia })
  expect(first.scope).toBe(ORDERS)
  expect((await call('GET', '/ucp/orders', first.access_token)).status).toBe(200)
  expect((await call('GET', '/ucp/orders', first.access_token, 'https://other.example/ucp')).status).toBe(401)

  const lacking = await checkOut(first.access_token)
  expect([lacking.status, lacking.body.messages[0].code]).toEqual([403, 'insufficient_scope'])
  expect(lacking.challenge).toContain(`scope="${CHECKOUT}"`)
  const wider = await agents.link({ scope: CHECKOUT }, { login: sonia })
  expect(wider.scope?.split(' ').sort()).toEqual([CHECKOUT, ORDERS].sort())
  expect((await checkOut(wider.access_token)).status).toBe(201)

  // Two days on the sign-in is too old to check out, and good for the rest.
  const { body: old } = await later(() => agents.refresh(wider.refresh_token), TWO_DAYS_SECONDS)
  expect(old.scope).toBe(ORDERS)
  expect((await checkOut(old.access_token)).status).toBe(403)
  const again = await agents.link({ scope: CHECKOUT }, { login: sonia })
  expect((await checkOut(again.access_token)).status).toBe(201)

  expect(await walk.next('grants list')).toContain('example-assistants')
  await walk.next('clients disable')
  walk.end()
  expect((await checkOut(again.access_token)).status).toBe(401)
  expect((await agents.refresh(again.refresh_token)).status).toBe(401)
})

test('the profile on the page is JSON and names no scope that is not registered on it', () => {
  const [profile = ''] = blocksOf(PAGE, 'json')
  const [linking] = JSON.parse(profile).ucp.capabilities['dev.ucp.common.identity_linking']
  const registered = blocksOf(PAGE, 'sh').join('')
  for (const scope of Object.keys(linking.config.scopes)) expect(registered).toContain(`"${scope}"`)
})

async function startShop({
  port,
  resource,
  secret,
}: {
  port: number
  resource: string
  secret: string
}): Promise<string> {
  const directory = temporaryDirectory('ucp-shop')
  const [code = ''] = blocksOf(PAGE, 'js')
  writeFileSync(join(directory, 'shop-ucp.mjs'), code)
  installPacked(directory, ['express'])
  const env = { ISSUER: shop.server.url, RESOURCE: resource, PORT: String(port), SECRET: secret }
  const daemon = await startDaemon(process.execPath, ['shop-ucp.mjs'], { cwd: directory, env })
  service = daemon
  const origin = `http://localhost:${port}`
  const metadata = `${origin}/.well-known/oauth-protected-resource/ucp`
  await waitFor(async () => (await fetch(metadata).catch(() => undefined))?.ok === true, {
    what: `${metadata}: ${daemon.stderr()}`,
  })
  return origin
}
