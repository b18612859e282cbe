import { createServer, type RequestListener, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, describe, expect, test } from 'vitest'
import { createAnswerReader } from '../../bench/generator/answer-reader.ts'
import { runTurn } from '../../bench/generator/run-turn.ts'
import type { Plan, Turn } from '../../bench/generator/turn.ts'
import { asText, form, get } from '../../bench/run/target.ts'

const servers: Server[] = []
afterEach(() => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections()
    server.close()
  }
})

async function listen(handle: RequestListener): Promise<number> {
  const server = createServer(handle)
  servers.push(server)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return (server.address() as AddressInfo).port
}

const turnOf = (port: number, plan: Plan, more: Partial<Turn> = {}): Turn => ({
  port,
  plan,
  connections: 2,
  expects: '"right":true',
  warmUpSeconds: 0,
  seconds: 60,
  maxRequests: 10,
  server: [],
  stores: [],
  ...more,
})

describe('an answer is read whole, wherever the network cuts it', () => {
  const answers = {
    'with a length': 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello',
    'in chunks': 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n',
    'without a body': 'HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n',
  }
  test.each(Object.entries(answers))('%s', (_, text) => {
    const bytes = Buffer.from(text)
    for (let cut = 1; cut < bytes.length; cut++) {
      const read: string[] = []
      const push = createAnswerReader(({ status, body, keepsAlive }) => read.push(`${status} ${body} ${keepsAlive}`))
      push(bytes.subarray(0, cut))
      expect(read).toEqual([])
      push(bytes.subarray(cut))
      expect(read).toEqual([text.includes('204') ? '204  false' : '200 hello true'])
    }
  })
})

describe('what is not a right answer is an error', () => {
  const wrong: Readonly<Record<string, RequestListener>> = {
    'another status': (_, response) => response.writeHead(500).end('{"right":true}'),
    'another body': (_, response) => response.end('{"right":false}'),
    'a connection that ends': (request) => request.socket.destroy(),
    'a connection that is not kept': (_, response) => response.setHeader('connection', 'close').end('{"right":true}'),
  }
  test.each(Object.entries(wrong))('%s', async (_, handle) => {
    const port = await listen(handle)
    const figures = await runTurn(turnOf(port, { kind: 'same', request: asText(get('/'), port) }))
    expect(figures.errors).toBe(2)
    expect(figures.firstError).toBeDefined()
  })
})

test('each connection goes on with the token of its last answer', async () => {
  const seen: string[] = []
  const port = await listen((request, response) => {
    let body = ''
    request.on('data', (chunk) => {
      body += chunk
    })
    request.on('end', () => {
      const token = String(new URLSearchParams(body).get('refresh_token'))
      seen.push(token)
      response.end(JSON.stringify({ right: true, next: `${token}+` }))
    })
  })
  const [head = '', body = ''] = asText(form('/token', { refresh_token: '' }), port).split('\r\n\r\n')
  const plan: Plan = {
    kind: 'chain',
    head: head.replace(/\d+$/, ''),
    beforeToken: body,
    afterToken: '',
    tokens: ['a', 'b'],
    member: 'next',
  }
  const { errors, requests } = await runTurn(turnOf(port, plan, { maxRequests: 6 }))
  expect({ errors, requests }).toEqual({ errors: 0, requests: seen.length })
  for (const start of ['a', 'b']) {
    const ofIt = seen.filter((token) => token.startsWith(start))
    expect(ofIt).toEqual(ofIt.map((_, index) => start + '+'.repeat(index)))
  }
})

test('a token that is used up is sent once, and the turn ends with the last', async () => {
  const seen: (string | undefined)[] = []
  const port = await listen((request, response) => {
    seen.push(request.url)
    response.end('{"right":true}')
  })
  const requests = ['/1', '/2', '/3', '/4', '/5'].map((path) => asText(get(path), port))
  const figures = await runTurn(turnOf(port, { kind: 'once', requests }, { maxRequests: 100 }))
  expect(seen.sort()).toEqual(['/1', '/2', '/3', '/4', '/5'])
  expect(figures).toMatchObject({ requests: 5, errors: 0 })
})
