import { afterAll, beforeAll, expect, test } from 'vitest'
import { blocksOf } from '../docs/page-walk.ts'
import { obtainCode, read, redeem } from '../endpoints/client.ts'
import { describeOn } from '../support/describe-on.ts'
import { freePort } from '../support/free-port.ts'
import { NGINX_ADDRESS, startNginx } from '../support/nginx-server.ts'
import { startTestServer, type TestServer } from '../support/server.ts'

const PAGE = 'docs/how-to/behind-a-proxy.md'

describeOn('nginx', 'an issuer below a path of the shop’s own host, as the how-to says', () => {
  let server: TestServer
  let proxy: Awaited<ReturnType<typeof startNginx>>
  let shop: string
  beforeAll(async () => {
    const [port, proxyPort] = [await freePort(), await freePort()]
    shop = `http://localhost:${proxyPort}`
    const [locations] = blocksOf(PAGE, 'conf')
    if (!locations) throw new Error(`${PAGE} has no configuration for a path any more`)
    server = await startTestServer({ PORT: String(port), ISSUER: `${shop}/auth`, TRUSTED_PROXIES: NGINX_ADDRESS })
    const text = `
      upstream vestibule { server 127.0.0.1:${port}; }
      server { listen 127.0.0.1:${proxyPort}; location / { return 200 "the shop"; } ${locations} }`
    proxy = await startNginx(text, { port: proxyPort })
  })
  afterAll(async () => {
    await proxy?.stop()
    await server?.stop()
  })

  test('signs people in, and leaves the rest of the host to the shop', async () => {
    const { code, verifier } = await obtainCode(`${shop}/auth`)
    expect((await read(redeem(`${shop}/auth`, code, verifier))).status).toBe(200)
    expect((await read(fetch(`${shop}/token`))).text).toBe('the shop')
    expect((await read(fetch(`${shop}/auth/health/ready`))).status).toBe(200)
  })

  test('is found where clients look for its metadata', async () => {
    for (const place of [
      '/auth/.well-known/openid-configuration',
      '/.well-known/oauth-authorization-server/auth',
      '/.well-known/openid-configuration/auth',
    ]) {
      expect((await read(fetch(shop + place))).body).toMatchObject({ issuer: `${shop}/auth` })
    }
  })
})
