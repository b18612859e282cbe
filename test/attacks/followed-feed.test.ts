import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { createService, type FakeIssuer, startFakeIssuer } from '../resource-server/fake-issuer.ts'
import { waitFor } from '../support/wait-for.ts'

/** Whoever is between a service and the server, a cache for example, can choose among what the server signed. */
let issuer: FakeIssuer
const services: ReturnType<typeof createService>[] = []

beforeEach(async () => {
  issuer = await startFakeIssuer()
})
afterEach(async () => {
  for (const { server } of services.splice(0)) server.close()
  await issuer.stop()
})

function serve(options: Parameters<typeof createService>[1] = {}) {
  const service = createService(issuer, { whenUnreachable: 'closed', ...options })
  services.push(service)
  return service
}

const feedOf = ({ server }: ReturnType<typeof createService>) => {
  const { feed } = server.state()
  if (feed === 'off') throw new Error('it follows no feed')
  return feed
}
const searches = () => issuer.asked.filter(({ pathname }) => pathname === '/revocations').map(({ search }) => search)

describe('a service that follows the feed is blind', () => {
  test('while it was given a page of the middle in place of the snapshot', async () => {
    issuer.revoke('g', 'grant-1')
    issuer.revoke('j', 'another')
    const middle = await issuer.page(1)
    issuer.instead.set('/revocations', (_request, response) => response.end(middle))
    const service = serve()
    expect(await service.ask(await issuer.token())).toBe('503 temporarily_unavailable')
    expect(feedOf(service)).toMatchObject({ isBlind: true, cursor: undefined })
    issuer.instead.clear()
    await waitFor(async () => (await service.ask(await issuer.token())) === '401 invalid_token', { what: 'sight' })
  })

  test('while it has only some pages of the snapshot, whatever keeps the others away', async () => {
    issuer.state.most = 1
    issuer.revoke('j', 'another')
    issuer.revoke('g', 'grant-1')
    const [first, second] = [await issuer.page(undefined), await issuer.page(1)]
    let isKeptAway = true
    issuer.instead.set('/revocations', (request, response) => {
      if (!request.url?.includes('after')) response.end(first)
      else if (isKeptAway) response.destroy()
      else response.end(second)
    })
    const service = serve()
    expect(await service.ask(await issuer.token())).toBe('503 temporarily_unavailable')
    expect(feedOf(service)).toMatchObject({ isBlind: true, freshUntilMs: 0 })
    isKeptAway = false
    await waitFor(async () => (await service.ask(await issuer.token())) === '401 invalid_token', { what: 'sight' })
    expect(feedOf(service).isBlind).toBe(false)
  })

  test('once its last whole view is over, although new pages that others follow come in', async () => {
    issuer.state.ttl = 1
    const service = serve()
    issuer.state.clock = () => Date.now() + service.time.aheadMs
    await service.server.start()
    expect(feedOf(service).isBlind).toBe(false)
    let given = 0
    issuer.instead.set('/revocations', (_request, response) => {
      if (given === 5) return void response.destroy()
      given += 1
      void issuer.page(0, { from: given - 1, to: given, more: true }).then((page) => response.end(page))
    })
    service.time.aheadMs += 4000
    expect(await service.ask(await issuer.token())).toBe('503 temporarily_unavailable')
    expect(given).toBe(5)
  })
})

test('what a service knows to be revoked stays so when the server says that it has no feed', async () => {
  issuer.state.ttl = 1
  issuer.revoke('g', 'grant-1')
  const service = serve()
  const token = await issuer.token({ exp: issuer.now() + 9000 })
  expect(await service.ask(token)).toBe('401 invalid_token')
  issuer.state.hasFeed = false
  service.time.aheadMs += 3_601_000
  issuer.state.clock = () => Date.now() + service.time.aheadMs
  issuer.state.entries = []
  await waitFor(() => service.names().includes('feed.absent'), { what: 'the feed to be missed' })
  expect(await service.ask(token)).toBe('401 invalid_token')
})

test('a service that may not wait at the server polls it, from where it was', async () => {
  issuer.state.ttl = 1
  issuer.revoke('j', 'another')
  issuer.instead.set('/revocations', (request, response) => {
    const { searchParams } = new URL(String(request.url), issuer.issuer)
    if (searchParams.has('wait')) return void response.writeHead(429, { 'retry-after': '1' }).end()
    const after = searchParams.get('after')
    void issuer.page(after === null ? undefined : Number(after)).then((page) => response.end(page))
  })
  const service = serve({ revocations: { waitSeconds: 20 } })
  await service.server.start()
  issuer.revoke('g', 'grant-1')
  await waitFor(async () => (await service.ask(await issuer.token())) === '401 invalid_token', { what: 'the news' })
  expect(searches().slice(0, 3)).toEqual(['', '?after=1&wait=20', '?after=1'])
  expect(searches().filter((search) => search === '' || search.includes('wait'))).toHaveLength(2)
  expect(service.names()).not.toContain('feed.unreachable')
})

test.each([429, 500, 503])(
  'a server that is busy (%i) is not asked for the whole snapshot by every service',
  async (status) => {
    issuer.state.ttl = 1
    issuer.revoke('j', 'another')
    const service = serve()
    await service.server.start()
    issuer.instead.set('/revocations', (_request, response) => void response.writeHead(status).end())
    await waitFor(() => searches().length >= 3, { what: 'another try' })
    expect(searches().slice(1)).toEqual(
      searches()
        .slice(1)
        .map(() => '?after=1'),
    )
  },
)
