import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { AUDIT_EVENTS } from '../../src/audit/events.ts'
import { clientMembers } from '../../src/clients/client-schema.ts'
import { DIALECT_NAMES, readConfig, settings } from '../../src/config.ts'
import { LOG_EVENTS } from '../../src/log/events.ts'
import { createMetrics } from '../../src/metrics.ts'
import { runCommand } from '../cli/run-command.ts'
import { PRODUCTION } from '../support/production.ts'
import { askedBy } from '../support/promql.ts'
import { startTestServer, type TestServer } from '../support/server.ts'
import { ISSUER, MOVE_PAGES, readPage } from './pasted-page.ts'

const text = MOVE_PAGES.map(readPage)
  .join('\n')
  .replace(/^```.*?^```$/gms, '')
const quoted = [...new Set([...text.matchAll(/`([^`\n]+)`/g)].map(([, name = '']) => name))]
const quotedLike = (pattern: RegExp) => quoted.filter((name) => pattern.test(name))

/** What the pages quote of other systems, and of files. */
const FOREIGN = ['links.self', 'index.php']

const events = new Set([...Object.keys(LOG_EVENTS), ...Object.keys(AUDIT_EVENTS)])
const names = quotedLike(/^[a-z-]+\.[a-z-]+$/).filter((name) => !FOREIGN.includes(name))
const expressions = quotedLike(/vestibule_/)
const commands = quotedLike(/^npx vestibule /)
const paths = quotedLike(/^\/[\w{]/)

test('the names are read', () => {
  expect([names.length, expressions.length, commands.length, paths.length].every((count) => count > 5)).toBe(true)
})

test.each(quotedLike(/^[A-Z]+(_[A-Z]+)*(=|$)/))('%s is a setting, and takes that value', (quotedSetting) => {
  const [name = '', value] = quotedSetting.split(/=(.*)/s)
  expect(Object.keys(settings)).toContain(name)
  if (value === undefined) return
  const others = {
    MAIL_URL: 'smtps://mail.shop.example',
    DIALECT_CLIENTS: DIALECT_NAMES.map((dialect) => `${dialect}=shop`).join(','),
  }
  expect(() => readConfig({ ...PRODUCTION, ISSUER, ...others, [name]: value })).not.toThrow()
})

test.each(names)('%s is an event of the log or of the audit trail', (name) => {
  expect(events).toContain(name)
})

test.each(expressions)('%s asks for metrics and labels that there are', (expression) => {
  const counted = Object.values(createMetrics()) as { name?: string; labelNames?: string[] }[] // as prom-client keeps them
  for (const metric of askedBy(expression).metrics) {
    const found = counted.find(({ name }) => name === metric.replace(/_bucket$/, ''))
    expect(found?.name, metric).toBeDefined()
    expect([...(found?.labelNames ?? []), 'le']).toEqual(expect.arrayContaining([...askedBy(expression).labels]))
  }
})

test.each(commands)('%s is a command', async (command) => {
  const [, , name = '', action, option] = command.split(' ')
  const { code, stdout } = await runCommand([name, '--help'], {})
  expect(code).toBe(0)
  for (const word of [action, option].filter((word) => word && /^[-a-z]+$/.test(word)))
    expect(stdout).toMatch(new RegExp(`^ +${word}\\b`, 'm'))
})

test.each(quotedLike(/^(introspects|refresh_policy)$/))('%s is a member of clients', (member) => {
  expect(Object.keys(clientMembers)).toContain(member)
})

test.each(quotedLike(/^dialect="/))('%s is a dialect', (matcher) => {
  expect(DIALECT_NAMES).toContain(matcher.slice('dialect="'.length, -1))
})

describe('a server with every dialect', () => {
  let server: TestServer
  beforeAll(async () => {
    const dialects = DIALECT_NAMES.filter((name) => name !== 'spryker-backend')
    server = await startTestServer({
      ...PRODUCTION,
      DEMO: 'false',
      DIALECTS: dialects.join(','),
      DIALECT_CLIENTS: dialects.map((name) => `${name}=shop`).join(','),
      MAGENTO_STORES: 'de',
      COMMERCETOOLS_PROJECT_KEYS: 'my-shop',
    })
    const { code } = await runCommand(['clients', 'create', 'shop', '--preset', 'dialect'], {
      DATA_DIR: server.config.DATA_DIR,
    })
    expect(code).toBe(0)
  })
  afterAll(() => server?.stop())

  test.each(paths)('answers at %s', async (path) => {
    const url = `${server.url}${path.replace(/\{\w+\}/g, 'x')}`
    const answers = await Promise.all(
      ['GET', 'POST', 'PUT'].map((method) => fetch(url, { method, redirect: 'manual' })),
    )
    expect(Math.min(...answers.map(({ status }) => status))).toBeLessThan(404)
  })
})
