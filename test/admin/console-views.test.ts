import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { findAttention } from '../../src/admin/console/attention.ts'
import { distance, length, utc } from '../../src/admin/console/time-format.ts'

const folder = fileURLToPath(new URL('../../views/console', import.meta.url))
const templates = readdirSync(folder).filter((file) => file.endsWith('.eta'))
const textOf = (file: string) => readFileSync(join(folder, file), 'utf8')

test('templates write nothing unescaped but their own parts', () => {
  for (const file of templates) {
    const raw = textOf(file).match(/<%~.*?%>/g) ?? []
    const instant = "[\\w.]+( \\?\\? [\\w.]+)?(, never: '[^']*')?"
    const parts = `it|\\{ \\.\\.\\.it, (customer|locks: \\[lock\\]|at: ${instant}) \\}`
    const allowed = new RegExp(`^<%~ (it\\.body|include\\('@[\\w-]+', (${parts})\\)) %>$`)
    expect(raw.filter((tag) => !allowed.test(tag))).toEqual([])
  }
})

test('templates carry no script, inline style or handler', () => {
  for (const file of templates) expect(textOf(file)).not.toMatch(/<script|<style|\sstyle=|\son\w+=/i)
})

test('every form that changes something carries a token', () => {
  for (const file of templates) {
    for (const [form] of textOf(file).matchAll(/<form[^>]*method="post".*?<\/form>/gs)) {
      expect(form, file).toContain('name="csrf"')
    }
  }
})

test('an instant is shown in UTC, with how far it is', () => {
  expect(utc('2026-11-28T18:40:12.345Z')).toBe('2026-11-28 18:40:12 UTC')
  const nowMs = Date.parse('2026-11-28T18:40:12Z')
  expect(distance(nowMs / 1000 - 40, nowMs)).toBe('40 s ago')
  expect(distance('2026-11-28T18:50:12Z', nowMs)).toBe('in 10 min')
  expect([length(7200), length(86_400 * 90)]).toEqual(['2 h', '90 d'])
})

const key = (facts: object) => ({
  kid: 'k1',
  algorithm: 'ES256' as const,
  createdAt: 0,
  since: 0,
  ageSeconds: 0,
  firstPublishedAt: 0,
  verifiersBehind: [],
  ...facts,
})
const active = key({ kid: 'k0', state: 'active' as const }) as never
const behind = [{ verifier: 'orders', address: '10.0.0.1', lastFetchedAt: 0 }]

test('nothing is said where nothing needs attention', () => {
  const waiting = key({ state: 'pending', next: 'activate', nextAt: 1e9 }) as never
  const counts = { 'login.succeeded': 900, 'login.refused': 40 } as const
  expect(
    findAttention({ keys: [active, waiting], checks: [{ name: 'database', status: 'up' }], counts }, 1000),
  ).toEqual([])
})

test.each([
  [{ checks: [{ name: 'storage', status: 'down', problem: 'timed out' }] }, 'problem', 'Storage is down: timed out.'],
  [{ unknown: ['audit trail'] }, 'problem', 'The audit trail could not be read'],
  [{ counts: { 'refresh.theft': 2 } }, 'problem', '2 refresh tokens were used again after rotation'],
  [{ counts: { 'audit.gap': 1 } }, 'problem', 'Audit entries were lost'],
  [{ keys: [active] }, 'warning', 'There is no pending ES256 key for the next rotation'],
  [
    { keys: [active, key({ state: 'pending', next: 'activate', nextAt: 4600, verifiersBehind: behind }) as never] },
    'warning',
    '1 verifier has not fetched the ES256 key that signs in 60 min',
  ],
  [{ counts: { 'login.locked': 1, 'login.refused': 9 } }, 'warning', '9 logins were refused and 1 locked'],
  [{ counts: { 'login.refused': 80, 'login.succeeded': 20 } }, 'warning', '80 logins were refused'],
] as const)('%j is a %s: %s', (figures, severity, said) => {
  const [finding] = findAttention(figures as never, 1000)
  expect(finding?.severity).toBe(severity)
  expect(finding?.sentence).toContain(said)
})

test('the worst comes first', () => {
  const found = findAttention({ counts: { 'login.locked': 1 }, checks: [{ name: 'database', status: 'down' }] }, 1000)
  expect(found.map(({ severity }) => severity)).toEqual(['problem', 'warning'])
})
