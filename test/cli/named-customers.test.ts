import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { AuditEntry } from '../../src/audit/chain.ts'
import { administratorOf, ask, OWNER } from '../admin/administrators.ts'
import { introspect, RON_ID, ron, tokensOf } from '../endpoints/client.ts'
import { startTestServer, type TestServer } from '../support/server.ts'
import { runCommand } from './run-command.ts'

let server: TestServer
beforeAll(async () => {
  server = await startTestServer({ ADMIN_TOKEN: OWNER })
})
afterAll(() => server.stop())

const cli = (...args: string[]) => runCommand(args, { DATA_DIR: server.config.DATA_DIR })
const NAMES = [
  ['id', RON_ID],
  ['reference', 'DE--22'],
  ['e-mail address', 'Ron@Swanson.com'],
] as const
const COMMANDS: readonly (readonly string[])[] = [
  ['customers', 'show'],
  ['customers', 'block'],
  ['customers', 'unblock'],
  ['customers', 'confirm'],
  ['customers', 'export'],
  ['customers', 'sign-in-link'],
  ['customers', 'sign-out'],
  ['customers', 'registration-key'],
  ['customers', 'erase'],
  ['grants', 'list', '--customer'],
  ['grants', 'sign-out', 'customer', '--id'],
  ['audit', 'list', '--customer'],
  ['tokens', 'list', '--customer'],
  ['lockouts', 'list', '--customer'],
  ['lockouts', 'lift', '--customer'],
]

describe('a command that takes a customer', () => {
  test.each(COMMANDS)('%s %s says when there is none', async (...command) => {
    for (const nobody of ['nobody@example.com', 'NO--1']) {
      const { code, stderr } = await cli(...command, nobody)
      expect([code, stderr]).toEqual([1, expect.stringContaining(`There is no customer "${nobody}"`)])
    }
  })

  test.each(NAMES)('takes the %s', async (_, name) => {
    const tokens = await tokensOf(server.url, ron)
    const shown = JSON.parse((await cli('customers', 'show', name)).stdout)
    expect(shown.id).toBe(RON_ID)
    expect(JSON.parse((await cli('grants', 'list', '--customer', name, '--json')).stdout).grants).not.toHaveLength(0)
    const { entries } = JSON.parse((await cli('audit', 'list', '--customer', name, '--json')).stdout)
    expect(new Set((entries as AuditEntry[]).map(({ customerId }) => customerId))).toEqual(new Set([RON_ID]))
    expect((await cli('customers', 'sign-out', name)).code).toBe(0)
    expect(await introspect(server.url, tokens.access_token)).toEqual({ active: false })
    expect((await cli('lockouts', 'list', '--customer', name)).stdout).toBe('not locked\n')
    expect((await cli('customers', 'block', name)).stdout).toContain('is blocked')
    expect((await cli('customers', 'unblock', name)).stdout).toContain('is active')
  })
})

test('a customer is named by any spelling of the e-mail address', async () => {
  const record = { email: 'kunde@müller.example', customerReference: 'KUNDE-1', password: 'a-long-enough-passphrase' }
  expect((await ask(server, OWNER, 'POST', '/v1/customers', record)).status).toBe(201)
  for (const spelling of ['kunde@müller.example', 'Kunde@xn--mller-kva.example', 'kunde@MÜLLER.example']) {
    const { code, stdout } = await cli('customers', 'show', spelling)
    expect([spelling, code, JSON.parse(stdout).customerReference]).toEqual([spelling, 0, 'KUNDE-1'])
  }
})

describe('the audit trail', () => {
  test('is searched by actor, address and request, and names the administrator who acted', async () => {
    const { id, email, session } = await administratorOf(server, 'security')
    await ask(server, session, 'POST', '/v1/clients/device-app/disable')
    const list = async (...options: string[]) => {
      const { stdout } = await cli('audit', 'list', '--json', ...options)
      return JSON.parse(stdout).entries as (AuditEntry & { actorName?: string })[]
    }
    const acts = await list('--actor', email)
    expect(acts.map(({ type }) => type)).toEqual(['client.changed', 'sign-out-everywhere', 'administrator.signed-in'])
    expect(acts).toMatchObject(acts.map(() => ({ actor: `administrator:${id}`, actorName: email })))
    expect(await list('--actor', `administrator:${id}`)).toEqual(acts)
    expect((await cli('audit', 'list', '--actor', email)).stdout).toContain(`${email} administrator:${id}`)

    const [newest] = acts
    expect(await list('--request', newest?.requestId ?? '', '--type', 'client.changed')).toEqual([newest])
    expect(await list('--address', newest?.ip ?? '', '--actor', email)).toEqual(acts)
    expect(await list('--address', '203.0.113.7')).toEqual([])
    expect(await list('--request', 'no-such-request')).toEqual([])
    const { code, stderr } = await cli('audit', 'list', '--actor', 'nobody@example.com')
    expect([code, stderr]).toEqual([1, expect.stringContaining('There is no administrator "nobody@example.com"')])
  })

  test('keeps no e-mail address of a search', async () => {
    await cli('customers', 'block', ron.username)
    const { stdout } = await cli('audit', 'export')
    expect(stdout).not.toContain('@swanson')
  })
})
