import { existsSync, readFileSync } from 'node:fs'
import { request } from 'node:http'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { parse, parseAllDocuments } from 'yaml'
import { settings } from '../../src/config.ts'
import { startTestServer } from '../support/server.ts'
import { blocksOf } from './page-walk.ts'

const PAGE = 'docs/how-to/console-in-containers.md'
const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const read = (path: string) => readFileSync(join(ROOT, path), 'utf8')

type Service = {
  readonly environment?: Readonly<Record<string, string>>
  readonly ports?: readonly string[]
  readonly networks?: readonly string[]
}
const servicesOf = (path: string) =>
  (parse(read(path), { merge: true }) as { services: Readonly<Record<string, Service>> }).services
const page = read(PAGE)
const commands = blocksOf(PAGE, 'console').join('')

test('Compose publishes the admin port of services that exist, on loopback of the host alone', () => {
  const services = servicesOf('docker-compose.yml')
  const opened = servicesOf('deploy/compose/console.yml')
  expect(Object.keys(opened).filter((name) => !(name in services))).toEqual([])
  for (const { environment, ports } of Object.values(opened)) {
    expect(environment).toEqual({ ADMIN_HOST: '0.0.0.0' })
    expect(ports).toEqual([`127.0.0.1:4001:${settings.ADMIN_PORT.default}`])
  }
  const execs = [...commands.matchAll(/docker compose exec -T (\S+) node (\S+)/g)]
  expect(execs.map(([, name]) => name).sort()).toEqual(Object.keys(opened).sort())
  for (const [, , program = ''] of execs) expect(existsSync(join(ROOT, program))).toBe(true)
  for (const [, path = ''] of commands.matchAll(/-f (\S+)/g)) expect(existsSync(join(ROOT, path)), path).toBe(true)
})

test('Kubernetes has the service, the deployment, the container, the label and the address that the page names', () => {
  const names = (path: string) =>
    parseAllDocuments(read(`deploy/kubernetes/${path}`), { merge: true }).map(
      (document) => (document.toJS() as { metadata: { name: string } }).metadata.name,
    )
  const [, service = '', port] = /service\/(\S+) 4001:(\d+)/.exec(commands) ?? []
  expect(names('service.yaml')).toContain(service)
  expect(port).toBe(settings.ADMIN_PORT.default)
  expect(names('deployment.yaml')).toContain(/deployment\/(\S+)/.exec(commands)?.[1])
  expect(read('deploy/kubernetes/deployment.yaml')).toContain(`- name: ${/--container (\S+)/.exec(commands)?.[1]}\n`)
  const [, label = '', value] = /label namespace \S+ (\S+)=(\S+)/.exec(commands) ?? []
  expect(read('deploy/kubernetes/network-policy.yaml')).toContain(`${label}: '${value}'`)
  expect(parse(read('deploy/kubernetes/config-map.yaml'))).toMatchObject({ data: { ADMIN_HOST: '0.0.0.0' } })
})

test('the listener answers at the names that the page says, and refuses the other in its words', async () => {
  const { data } = parse(blocksOf(PAGE, 'yaml')[0] ?? '') as { data: { ADMIN_HOSTS: string } }
  const server = await startTestServer({ ADMIN_HOST: '0.0.0.0', ...data })
  try {
    const rows = [...page.matchAll(/^\| `([^`]+)` \| (answers|421) \|$/gm)]
    expect(rows).toHaveLength(5)
    for (const [, host = '', outcome] of rows) {
      const { status, body } = await askAs(`${server.adminUrl}/console/sign-in`, host)
      expect([host, status]).toEqual([host, outcome === 'answers' ? 200 : 421])
      if (outcome !== 'answers')
        expect(page).toContain(/"detail":"(The admin listener[^.]*)\./.exec(body)?.[1] ?? 'none')
    }
  } finally {
    await server.stop()
  }
})

/** A request that claims to be for `host`. */
function askAs(url: string, host: string): Promise<{ status: number; body: string }> {
  return new Promise((resolve, reject) => {
    const sent = request(url, { headers: { host } }, (answer) => {
      let body = ''
      answer.setEncoding('utf8').on('data', (chunk: string) => {
        body += chunk
      })
      answer.on('end', () => resolve({ status: answer.statusCode ?? 0, body }))
    })
    sent.on('error', reject).end()
  })
}
