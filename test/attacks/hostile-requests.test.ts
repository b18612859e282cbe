import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startTestServer, type TestServer } from '../support/server.ts'
import { request, sendRaw, statusOf } from './raw-request.ts'

let server: TestServer
beforeAll(async () => {
  server = await startTestServer({}, { captureLog: true })
})
afterAll(() => server?.stop())

const METADATA = '/.well-known/openid-configuration'
const bodyOf = (answer: string) => answer.slice(answer.indexOf('\r\n\r\n') + 4)

describe('a foreign Host header poisons nothing', () => {
  const hosts = () => {
    const { host, port } = new URL(server.url)
    return [
      'evil.example',
      `${host}.evil.example`,
      `localhost:${port}.evil.example`,
      `localhost:${port}@evil.example`,
      `${host}, evil.example`,
      `${host}/../`,
      `localhost:99999`,
      'localhost:abc',
      '[::1',
      '"><script>',
      '..',
      '',
      'a'.repeat(5000),
    ]
  }

  test('in the metadata', async () => {
    for (const host of hosts()) {
      const answer = await sendRaw(server.url, request(`GET ${METADATA}`, [`Host: ${host}`]))
      expect([200, 400]).toContain(statusOf(answer))
      if (statusOf(answer) === 200) {
        expect(answer).toContain(`"token_endpoint":"${server.url}/token"`)
        expect(answer).not.toContain('evil.example')
      }
    }
  })

  test('in redirects, pages and cookies', async () => {
    const query = 'client_id=frontend&response_type=code&redirect_uri=http://localhost:8080/callback'
    const challenge = `code_challenge=${'a'.repeat(43)}&code_challenge_method=S256&scope=openid`
    const paths = [`/authorize?${query}&${challenge}`, '/device', '/logout', '/interaction/x', '/nothing']
    for (const path of paths) {
      for (const host of ['evil.example', `${new URL(server.url).host}.evil.example`]) {
        const answer = await sendRaw(
          server.url,
          request(`GET ${path}`, [`Host: ${host}`, 'X-Forwarded-Host: evil.example']),
        )
        expect(statusOf(answer)).toBeLessThan(500)
        expect(answer).not.toContain('evil.example')
      }
    }
  })
})

describe('a request line', () => {
  test('in absolute form is taken for its path, whatever its authority (RFC 9112 §3.2.2)', async () => {
    for (const origin of [server.url, 'http://evil.example', 'https://evil.example:444', 'http://[::1]:1']) {
      const answer = await sendRaw(server.url, request(`GET ${origin}${METADATA}`))
      expect(statusOf(answer)).toBe(200)
      expect(answer).toContain(`"issuer":"${server.url}"`)
    }
  })

  test.each([
    'http://',
    'http:///',
    'https://',
    'http://[',
    'http://%',
    'ftp://evil.example/',
    'javascript:alert(1)',
    '*',
  ])('with the target %s is refused', async (target) => {
    const answer = await sendRaw(server.url, request(`GET ${target}`))
    expect(statusOf(answer)).toBe(400)
    expect(bodyOf(answer)).not.toMatch(/\bat |error: /i)
  })

  test.each([
    '//evil.example/jwks',
    '///',
    '/\\evil.example',
    '//[',
    '/%',
    '/%zz',
    '/%00',
    '/..%2f..%2fetc/passwd',
    '/./../jwks/..',
  ])('with the target %s finds nothing, and sends nobody away', async (target) => {
    const answer = await sendRaw(server.url, request(`GET ${target}`))
    expect([400, 404]).toContain(statusOf(answer))
    expect(answer).not.toMatch(/^location:/im)
  })

  test('is refused when it is no HTTP at all', async () => {
    for (const text of ['\0\0\0\r\n\r\n', 'HELLO\r\n\r\n', 'GET  HTTP/1.1\r\n\r\n']) {
      const answer = await sendRaw(server.url, text)
      expect([text, answer === '' || statusOf(answer) === 400]).toEqual([text, true])
    }
  })
})

describe('headers', () => {
  test('above the limit are refused, and the server goes on', async () => {
    const answer = await sendRaw(server.url, request('GET /jwks', ['Host: x', `X-Long: ${'a'.repeat(1_000_000)}`]))
    expect(answer === '' || statusOf(answer) === 431).toBe(true)
    const many = Array.from({ length: 5000 }, (_, index) => `X-${index}: a`)
    expect([0, 200, 431]).toContain(statusOf(await sendRaw(server.url, request('GET /jwks', ['Host: x', ...many]))))
    expect((await fetch(`${server.url}/jwks`)).status).toBe(200)
  })

  test('that contradict each other about the body are refused: nothing is smuggled', async () => {
    const both = ['Host: x', 'Content-Length: 4', 'Transfer-Encoding: chunked']
    const twice = ['Host: x', 'Content-Length: 4', 'Content-Length: 5']
    const odd = ['Host: x', 'Transfer-Encoding: chunked, identity']
    for (const headers of [both, twice, odd]) {
      const answer = await sendRaw(server.url, request('POST /token', headers, '0\r\n\r\nGET /jwks HTTP/1.1\r\n\r\n'))
      expect(statusOf(answer)).toBe(400)
      expect(answer).not.toContain('"keys"')
    }
  })

  test('with line breaks in them cannot make a header of ours', async () => {
    const paths = ['/authorize?client_id=frontend&state=a%0d%0aSet-Cookie:%20x=y', '/logout?state=%0d%0aX-Evil:%201']
    for (const path of paths) {
      const answer = await sendRaw(server.url, request(`GET ${path}`))
      const head = answer.slice(0, answer.indexOf('\r\n\r\n'))
      expect(statusOf(answer)).toBeLessThan(500)
      expect(head).not.toMatch(/^(x-evil|set-cookie: x=y)/im)
    }
  })
})

describe('a body that', () => {
  test('is shorter than announced does not hold the server: the caller hangs up and others are served', async () => {
    const type = 'Content-Type: application/x-www-form-urlencoded'
    const unfinished = request('POST /token', ['Host: x', type, 'Content-Length: 1000'], 'grant_type=')
    const hangsUp = sendRaw(server.url, unfinished, { deadlineMs: 500 }).catch(() => '')
    expect((await fetch(`${server.url}/jwks`)).status).toBe(200)
    await hangsUp
    expect((await fetch(`${server.url}/health/ready`)).status).toBe(200)
  })

  test('is chunked and never stops is cut off above the limit', async () => {
    const chunk = `${(60_000).toString(16)}\r\n${'a'.repeat(60_000)}\r\n`
    for (const path of ['/token', '/access-tokens', '/refresh-tokens', '/introspect', '/authorize', '/par']) {
      const headers = ['Host: x', 'Content-Type: application/x-www-form-urlencoded', 'Transfer-Encoding: chunked']
      const answer = await sendRaw(server.url, request(`POST ${path}`, headers, `${chunk}${chunk}0\r\n\r\n`))
      expect([400, 413]).toContain(statusOf(answer))
      expect(bodyOf(answer)).toMatch(/error/)
    }
  })
})

test('a body that was refused unread does not stand in front of the connection’s next request', async () => {
  const chunk = `${(60_000).toString(16)}\r\n${'a'.repeat(60_000)}\r\n`
  const head = 'Host: x\r\nContent-Type: application/x-www-form-urlencoded\r\nTransfer-Encoding: chunked'
  for (const path of ['/token', '/access-tokens', '/revoke', '/authorize', '/interaction/x/login', '/nothing']) {
    const refused = `POST ${path} HTTP/1.1\r\n${head}\r\n\r\n${chunk.repeat(10)}0\r\n\r\n`
    const answers = await sendRaw(server.url, refused + request('GET /jwks'))
    expect([path, answers.includes('"keys"')]).toEqual([path, true])
  }
})

test('none of this was an error of ours', () => {
  const levels = server.logLines.map((line) => JSON.parse(line).level as string)
  expect(levels.length).toBeGreaterThan(0)
  expect(levels.filter((level) => level === 'error' || level === 'fatal')).toEqual([])
})
