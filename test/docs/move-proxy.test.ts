import { createServer, type Server } from 'node:http'
import { request } from 'node:https'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { SONIA } from '../dialects/spryker/exchange.ts'
import { describeOn } from '../support/describe-on.ts'
import { freePort } from '../support/free-port.ts'
import { makeCertificate, NGINX_ADDRESS, startNginx } from '../support/nginx-server.ts'
import { temporaryDirectory } from '../support/run-directory.ts'
import { startTestServer, type TestServer } from '../support/server.ts'
import { blocksOf, readPage } from './pasted-page.ts'

const GLUE = 'glue.shop.example'
/** What the shop's own refresh tokens begin with. */
const OF_SHOP = 'def50200'
const OF_VESTIBULE = 'vrt_'
const ADDRESSES = Array.from({ length: 200 }, (_, index) => `127.0.${1 + Math.floor(index / 100)}.${1 + (index % 100)}`)

type Proxy = { readonly port: number; readonly stop: () => Promise<unknown> }
type Answer = { readonly status: number; readonly refreshToken?: string }

const document = (type: string, attributes: object) => JSON.stringify({ data: { type, attributes } })
const signIn = (proxy: Proxy, from: string) => send(proxy, from, '/access-tokens', document('access-tokens', SONIA))
const refresh = (proxy: Proxy, from: string, { refreshToken }: Answer) =>
  send(proxy, from, '/refresh-tokens', document('refresh-tokens', { refreshToken }))

describeOn('nginx', 'a shop whose traffic is divided as the how-to says', () => {
  let vestibule: TestServer
  let shop: Server
  let before: Proxy
  let some: Proxy
  let more: Proxy
  beforeAll(async () => {
    vestibule = await startTestServer({ DIALECT_MOUNTS: `spryker=https://${GLUE}`, TRUSTED_PROXIES: NGINX_ADDRESS })
    shop = await startShop()
    const start = (percentage: string) => startProxy({ vestibule, shop, percentage })
    ;[before, some, more] = await Promise.all([start(''), start('5% vestibule;'), start('25% vestibule;')])
  })
  afterAll(async () => {
    await Promise.all([before, some, more].map((proxy) => proxy?.stop()))
    shop?.close()
    await vestibule?.stop()
  })

  async function partOf(proxy: Proxy): Promise<string[]> {
    const part: string[] = []
    for (const from of ADDRESSES) {
      const { status, refreshToken } = await signIn(proxy, from)
      expect(status, from).toBe(201)
      if (refreshToken?.startsWith(OF_VESTIBULE)) part.push(from)
    }
    return part
  }

  test('sends no one, then a few, then more, and who was among the few is among the more', async () => {
    expect(await partOf(before)).toEqual([])
    const few = await partOf(some)
    expect(few.length).toBeGreaterThan(0)
    expect(few.length).toBeLessThan(ADDRESSES.length / 10)
    expect(await partOf(some), 'the same again').toEqual(few)
    const many = await partOf(more)
    expect(many.length).toBeGreaterThan(few.length)
    expect(many).toEqual(expect.arrayContaining(few))
  })

  test('refreshes each token where it was made, from any address, also when the part is taken back', async () => {
    const [inside = ''] = await partOf(some)
    const outside = ADDRESSES.find((address) => address !== inside) ?? ''
    const ofShop = await signIn(before, outside)
    const ofVestibule = await signIn(some, inside)
    expect([ofShop.refreshToken?.slice(0, 4), ofVestibule.refreshToken?.slice(0, 4)]).toEqual(['def5', OF_VESTIBULE])
    for (const proxy of [some, before]) {
      const shops = await refresh(proxy, inside, ofShop)
      expect([shops.status, shops.refreshToken?.startsWith(OF_SHOP)]).toEqual([201, true])
    }
    const here = await refresh(some, outside, ofVestibule)
    const afterwards = await refresh(before, outside, here)
    expect([here.status, afterwards.status, afterwards.refreshToken?.startsWith(OF_VESTIBULE)]).toEqual([
      201,
      201,
      true,
    ])
  })

  test('refuses a token of neither, in words of the shop', async () => {
    expect(await refresh(some, ADDRESSES[0] ?? '', { status: 201, refreshToken: 'none' })).toMatchObject({
      status: 401,
    })
  })
})

/** A Glue that knows one customer and its own tokens. */
async function startShop(): Promise<Server> {
  const server = createServer(async (asked, answer) => {
    let body = ''
    for await (const chunk of asked) body += chunk
    const isKnown = asked.url === '/access-tokens' || body.includes(OF_SHOP)
    answer.writeHead(isKnown ? 201 : 401, { 'content-type': 'application/vnd.api+json' })
    const shown = isKnown ? { data: { attributes: { refreshToken: `${OF_SHOP}abc` } } } : { errors: [{ code: '004' }] }
    answer.end(JSON.stringify(shown))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return server
}

/** The configuration of the page, with this machine's names and ports, and another part of the traffic. */
async function startProxy(given: { vestibule: TestServer; shop: Server; percentage: string }): Promise<Proxy> {
  const port = await freePort()
  const directory = temporaryDirectory('move-proxy')
  makeCertificate(directory, 'shop', { subject: `/CN=${GLUE}` })
  const page = blocksOf(readPage('move-a-shop.md')).find(({ language }) => language === 'nginx')?.text ?? ''
  const changes: [string, string][] = [
    ['5% vestibule;', given.percentage],
    ['listen 443 ssl;', `listen 127.0.0.1:${port} ssl;`],
    ['/etc/nginx/tls/', `${directory}/`],
    ['node-1.internal:4000', `127.0.0.1:${given.vestibule.config.PORT}`],
    ['shop.internal:80', `127.0.0.1:${(given.shop.address() as AddressInfo).port}`], // of a port, so no path
  ]
  const servers = changes.reduce((text, [theirs, ours]) => {
    if (!text.includes(theirs)) throw new Error(`move-a-shop.md does not say "${theirs}" any more`)
    return text.replaceAll(theirs, ours)
  }, page)
  const { stop } = await startNginx(servers, { port })
  return { port, stop }
}

function send({ port }: Proxy, from: string, path: string, body: string): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const asking = request(
      {
        host: '127.0.0.1',
        port,
        path,
        method: 'POST',
        localAddress: from,
        rejectUnauthorized: false,
        headers: { host: GLUE, 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) },
      },
      async (answer) => {
        let text = ''
        for await (const chunk of answer.setEncoding('utf8')) text += chunk
        const said = JSON.parse(text) as { data?: { attributes: { refreshToken: string } } } // of both servers alike
        const refreshToken = said.data?.attributes.refreshToken
        resolve({ status: answer.statusCode ?? 0, ...(refreshToken !== undefined && { refreshToken }) })
      },
    )
    asking.on('error', reject).end(body)
  })
}
