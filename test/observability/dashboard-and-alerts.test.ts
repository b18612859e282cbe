import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { introspect, refresh, requestTokens, sonia, tokensOf } from '../endpoints/client.ts'
import { freePort } from '../support/free-port.ts'
import { postJson } from '../support/http.ts'
import { askedBy, type Exported, exportedBy } from '../support/promql.ts'
import { startTestServer, type TestServer } from '../support/server.ts'

type Rule = {
  readonly alert: string
  readonly expr: string
  readonly labels: { readonly severity: string }
  readonly annotations: { readonly summary: string; readonly runbook: string }
}
type Panel = { readonly title: string; readonly targets?: readonly { readonly expr: string }[] }

const read = (path: string) => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8')
const { groups } = parse(read('docs/observability/alerts.yml')) as { groups: { rules: Rule[] }[] }
const rules = groups.flatMap((group) => group.rules)
const { panels } = JSON.parse(read('docs/observability/dashboard.json')) as { panels: Panel[] }
const questions = [
  ...rules.map(({ alert, expr }) => [`alert ${alert}`, expr] as const),
  ...panels.flatMap(({ title, targets = [] }) => targets.map(({ expr }) => [`panel ${title}`, expr] as const)),
]

/** What Prometheus itself adds. */
const OF_PROMETHEUS = { metrics: ['up'], labels: ['job', 'instance', 'le'] }

let server: TestServer
let exported: Exported
let page: string
beforeAll(async () => {
  // A former shop that is away: who has no password here fails to sign in.
  server = await startTestServer({ LEGACY_DIRECTORY_URL: `http://127.0.0.1:${await freePort()}` })
  const { access_token, refresh_token } = await tokensOf(server.url)
  await refresh(server.url, refresh_token)
  await introspect(server.url, access_token)
  await requestTokens(server.url, { password: 'not-the-password' })
  await postJson(`${server.url}/access-tokens`, { data: { type: 'access-tokens', attributes: sonia } })
  await requestTokens(server.url, { username: 'moving@former.example', password: 'any' })
  page = await (await fetch(`${server.adminUrl}/metrics`)).text()
  exported = exportedBy(page)
})
afterAll(() => server?.stop())

test('the expressions are read', () => {
  expect(questions.length).toBeGreaterThan(30)
  expect(askedBy('sum by (le, route) (rate(a_bucket{b=~"c|d",e!="f"}[5m])) > 0.5 and on (g) h == 0')).toEqual({
    metrics: ['a_bucket', 'h'],
    labels: ['b', 'e', 'le', 'route', 'g'],
  })
})

test.each(questions)('%s asks for what a running server exports', (_name, expression) => {
  const { metrics, labels } = askedBy(expression)
  expect(metrics.length).toBeGreaterThan(0)
  const known = metrics.filter((metric) => !OF_PROMETHEUS.metrics.includes(metric))
  expect(known.filter((metric) => !exported.metrics.has(metric))).toEqual([])
  const given = new Set(known.flatMap((metric) => [...exported.labelsOf(metric)]))
  expect(labels.filter((label) => !given.has(label) && !OF_PROMETHEUS.labels.includes(label))).toEqual([])
})

test.each(rules)('$alert says how bad it is, and its runbook says what to do', ({ alert, labels, annotations }) => {
  expect(['warning', 'critical']).toContain(labels.severity)
  expect(annotations.summary).toMatch(/\.$/)
  const [path = '', anchor] = annotations.runbook.split('#')
  const anchors = [...read(path).matchAll(/^## (.+)$/gm)].map(([, title]) => String(title).toLowerCase())
  expect(anchor).toBe(alert.toLowerCase())
  expect(anchors).toContain(anchor)
})

describe('metrics', () => {
  test('are named by the customs of Prometheus: a prefix, base units, and _total for what counts up', () => {
    const ours = [...page.matchAll(/^# TYPE (vestibule_\S+) (\S+)/gm)]
    expect(ours.length).toBeGreaterThan(15)
    const astray = ours.filter(([, name = '', type]) => {
      if (type === 'counter') return !name.endsWith('_total')
      return name.endsWith('_total') || (type === 'histogram' && !name.endsWith('_seconds'))
    })
    expect(astray.map(([line]) => line)).toEqual([])
  })

  test('carry no id, address or login: each label has few values', () => {
    const ours = page.split('\n').filter((line) => line.startsWith('vestibule_'))
    const values = ours.flatMap((line) => [...line.matchAll(/="([^"]*)"/g)].map(([, value]) => String(value)))
    expect(values.filter((value) => /@|[0-9a-f]{8}-|^\d+\.\d+\.\d+|[\w-]{40,}/.test(value))).toEqual([])
    expect(page).not.toContain('frontend')
    expect(new Set(values).size).toBeLessThan(120)
  })

  test('count what happened: a login, its refusal, a refresh, an introspection, by their outcomes', () => {
    for (const line of [
      'vestibule_logins_total{realm="customer",outcome="authenticated"} 2',
      'vestibule_logins_total{realm="customer",outcome="wrong-password"} 1',
      'vestibule_token_requests_total{grant_type="refresh_token",outcome="issued"} 1',
      'vestibule_token_requests_total{grant_type="password",outcome="invalid_grant"} 1',
      'vestibule_refresh_total{outcome="rotated"} 1',
      'vestibule_introspections_total{outcome="active"} 1',
      'vestibule_http_request_duration_seconds_count{route="dialect",status="2xx"} 1',
      'vestibule_http_request_duration_seconds_count{route="introspect",status="2xx"} 1',
      'vestibule_customer_service_failures_total{directory="legacy",kind="unreachable"} 1',
      'vestibule_ready 1',
      'vestibule_key_store_followed 1',
    ]) {
      expect(page).toContain(line)
    }
    expect(page).toMatch(/vestibule_storage_duration_seconds_count\{operation="put\w*",outcome="ok"\} \d/)
    expect(page).toMatch(/vestibule_database_duration_seconds_count\{kind="select",outcome="ok"\} \d/)
    expect(page).toMatch(/vestibule_password_wait_seconds_count [3-9]/)
    expect(page).toMatch(/vestibule_signing_key_rotation_seconds\{algorithm="ES256"\} \d+/)
  })

  test('do not take names that a stranger made up', async () => {
    const stranger = 'a-grant-type-that-is-none'
    await requestTokens(server.url, { grant_type: stranger })
    await fetch(`${server.url}/a-path-that-is-none`)
    const now = await (await fetch(`${server.adminUrl}/metrics`)).text()
    expect(now).not.toMatch(/that-is-none/)
    expect(now).toContain('vestibule_token_requests_total{grant_type="other",outcome="unsupported_grant_type"} 1')
    expect(now).toContain('vestibule_http_request_duration_seconds_count{route="other",status="4xx"} 1')
  })
})
