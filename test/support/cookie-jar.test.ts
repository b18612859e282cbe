import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createCookieJar } from './cookie-jar.ts'

const CALLBACK = 'http://client.invalid/callback'
let server: Server
let origin: string

beforeAll(async () => {
  server = createServer((request, response) => {
    const path = request.url ?? '/'
    if (path === '/login') {
      response.setHeader('set-cookie', ['id=site; Path=/', 'id=page; Path=/login; HttpOnly', 'gone=1; Path=/'])
    }
    if (path === '/logout')
      response.setHeader('set-cookie', [
        'id=; Path=/; Max-Age=0',
        'gone=; Path=/; Expires=Thu, 01 Jan 1970 00:00:00 GMT',
      ])
    if (path === '/start') response.writeHead(303, { location: '/middle', 'set-cookie': 'step=1; Path=/' })
    if (path === '/middle') response.writeHead(303, { location: `${CALLBACK}?code=abc` })
    response.end(request.headers.cookie ?? '')
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})
afterAll(() => server.close())

const sent = async (response: Promise<Response>) => (await response).text()

test('cookies go where their path says, the longest path first', async () => {
  const jar = createCookieJar()
  await jar.fetch(`${origin}/login`)
  expect(await sent(jar.fetch(`${origin}/login/step`))).toBe('id=page; id=site; gone=1')
  expect(await sent(jar.fetch(`${origin}/loginother`))).toBe('id=site; gone=1')
  expect(jar.get(`${origin}/login`, 'id')).toBe('page')
})

test('an expired cookie is forgotten, one of another path is kept', async () => {
  const jar = createCookieJar()
  await jar.fetch(`${origin}/login`)
  await jar.fetch(`${origin}/logout`)
  expect(await sent(jar.fetch(`${origin}/login`))).toBe('id=page')
})

test('redirects are followed up to the callback of a client, with cookies set on the way', async () => {
  const jar = createCookieJar()
  const { url } = await jar.follow(await jar.fetch(`${origin}/start`), { stopAt: CALLBACK })
  expect(url).toBe(`${CALLBACK}?code=abc`)
  expect(jar.get(origin, 'step')).toBe('1')
})

test('another jar is another browser', async () => {
  await createCookieJar().fetch(`${origin}/login`)
  expect(await sent(createCookieJar().fetch(`${origin}/login`))).toBe('')
})
