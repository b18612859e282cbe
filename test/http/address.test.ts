import { afterAll, beforeAll, expect, test } from 'vitest'
import { createNetworks, toAddress } from '../../src/http/address.ts'
import { clientAddress } from '../../src/http/host-guard.ts'
import { startTestServer, type TestServer } from '../support/server.ts'

/** What proxies write, and the one address it means; undefined where it names none. */
const SPELLINGS: readonly (readonly [string, string | undefined])[] = [
  ['198.51.100.7', '198.51.100.7'],
  [' 198.51.100.7 ', '198.51.100.7'],
  ['198.51.100.7:4711', '198.51.100.7'],
  ['"198.51.100.7:4711"', '198.51.100.7'],
  ['::ffff:198.51.100.7', '198.51.100.7'],
  ['::FFFF:198.51.100.7', '198.51.100.7'],
  ['::ffff:c633:6407', '198.51.100.7'],
  ['0:0:0:0:0:ffff:198.51.100.7', '198.51.100.7'],
  ['[::ffff:198.51.100.7]:443', '198.51.100.7'],
  ['2001:db8::1', '2001:db8::1'],
  ['2001:0DB8:0:0:0:0:0:0001', '2001:db8::1'],
  ['[2001:db8::1]', '2001:db8::1'],
  ['[2001:DB8::1]:4711', '2001:db8::1'],
  ['"[2001:db8::1]:4711"', '2001:db8::1'],
  ['fe80::1%eth0', 'fe80::1'],
  ['[fe80::1%25eth0]:80', 'fe80::1'],
  ['unknown', undefined],
  ['_hidden', undefined],
  ['', undefined],
  ['198.51.100', undefined],
  ['198.51.100.07', undefined],
  ['198.51.100.7:port', undefined],
  ['[198.51.100.7]', undefined],
  ['2001:db8::1:99999:', undefined],
  ['shop.example', undefined],
  ['<script>', undefined],
]

test.each(SPELLINGS)('%j is one address, or none: %s', (text, address) => {
  expect(toAddress(text)).toBe(address)
})

test.each([
  ['203.0.113.9', '198.51.100.7', '203.0.113.9'],
  ['10.0.0.1', '198.51.100.7', '198.51.100.7'],
  ['10.0.0.1', '1.1.1.1, 198.51.100.7', '198.51.100.7'],
  ['10.0.0.1', '198.51.100.7:99, [::ffff:10.200.3.4]:80', '198.51.100.7'],
  ['10.0.0.1', '198.51.100.7, 2001:DB8:FFFF::5, , ', '198.51.100.7'],
  ['10.0.0.1', '198.51.100.7, unknown', '10.0.0.1'],
  ['10.0.0.1', '198.51.100.7, unknown, 10.2.2.2', '10.2.2.2'],
  ['10.0.0.1', '', '10.0.0.1'],
  ['10.0.0.1', '10.0.0.3, 10.0.0.2', '10.0.0.3'],
  ['192.0.2.8', '198.51.100.7', '198.51.100.7'],
  ['192.0.2.9', '198.51.100.7', '192.0.2.9'],
  ['2001:db8:ffff::1', '198.51.100.7', '198.51.100.7'],
])('from %s with X-Forwarded-For "%s" the sender is %s', (peer, forwardedFor, address) => {
  const proxies = createNetworks(['10.0.0.0/8', '192.0.2.8', '2001:db8:ffff::/48'])
  expect(clientAddress(peer, forwardedFor, proxies)).toBe(address)
})

let server: TestServer
beforeAll(async () => {
  server = await startTestServer({ TRUSTED_PROXIES: '127.0.0.0/8,::1' }, { captureLog: true })
})
afterAll(() => server?.stop())

test('the access log and every limit know a visitor by one address, however the proxy spells it', async () => {
  const named = SPELLINGS.filter(([, address]) => address === '198.51.100.7' || address === '2001:db8::1')
  for (const [forwardedFor] of named) {
    await fetch(`${server.url}/jwks`, { headers: { 'X-Forwarded-For': forwardedFor, 'User-Agent': 'spelling' } })
  }
  const lines = server.logLines.map((line) => JSON.parse(line) as { path?: string; ip?: string })
  expect(lines.filter(({ path }) => path === '/jwks').map(({ ip }) => ip)).toEqual(named.map(([, address]) => address))
})
