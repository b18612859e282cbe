import { randomBytes } from 'node:crypto'
import { existsSync, globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { parse, parseAllDocuments } from 'yaml'
import { readConfig, settings } from '../../src/config.ts'

/** Production refuses placeholders. */
const OWN_SECRET = randomBytes(32).toString('base64')

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const read = (path: string) => readFileSync(join(ROOT, path), 'utf8')

/** Names that are no settings of ours, or no files of them. */
function unknownSettings(names: readonly string[]): string[] {
  return names.filter((name) => !(name in settings) && !(name.replace(/_FILE$/, '') in settings))
}

type Mapping = Record<string, string>
type Container = {
  readonly name: string
  readonly args: string[]
  readonly env: { readonly name: string; readonly value: string }[]
  readonly ports?: { readonly name: string; readonly containerPort: number }[]
  readonly securityContext: Record<string, unknown>
  readonly volumeMounts: { readonly name: string; readonly mountPath: string }[]
} & Record<string, { readonly httpGet: { readonly path: string; readonly port: string } }>

describe('the Dockerfile', () => {
  const text = read('Dockerfile')
  const lines = text.replaceAll('\\\n', ' ').split('\n')
  const of = (instruction: string) => lines.filter((line) => line.startsWith(`${instruction} `))

  test('copies what exists, and .dockerignore lets it in', () => {
    const sources = of('COPY')
      .filter((line) => !line.includes('--from='))
      .flatMap((line) => line.split(/\s+/).slice(1, -1))
    const allowed = read('.dockerignore')
      .split('\n')
      .filter((line) => line.startsWith('!'))
      .map((line) => line.slice(1))
    expect(sources.filter((path) => !existsSync(join(ROOT, path)))).toEqual([])
    expect(sources.filter((path) => !allowed.includes(path.replace(/^\.\//, '')))).toEqual([])
  })

  test('keeps the rules of hadolint that apply: tags, stages, absolute paths, exec forms, no root, no added archives', () => {
    const images = of('FROM').map((line) => line.split(/\s+/)[1] ?? '')
    expect(images.length).toBeGreaterThan(1)
    expect(images.filter((image) => !/:\d+/.test(image))).toEqual([])
    for (const line of of('WORKDIR')) expect(line).toMatch(/^WORKDIR \//)
    for (const line of [...of('CMD'), ...of('ENTRYPOINT')]) expect(line).toMatch(/^\w+ \[".*"\]$/)
    expect(text).toMatch(/HEALTHCHECK [^\n]*\\\n\s+CMD \[".*"\]/)
    expect(of('USER').at(-1)).toBe('USER node')
    expect(of('ADD')).toEqual([])
    expect(text).not.toMatch(/\b(sudo|curl|wget)\b|apt-get upgrade|:latest/)
  })

  test('sets settings that exist, to values that are taken', () => {
    const environment = Object.fromEntries(
      of('ENV')
        .flatMap((line) => line.slice(4).trim().split(/\s+/))
        .map((pair) => pair.split('=') as [string, string]),
    )
    expect(unknownSettings(Object.keys(environment))).toEqual([])
    const config = readConfig({ ...environment, COOKIE_KEYS: OWN_SECRET, KEY_ENCRYPTION_KEY: OWN_SECRET })
    expect(config.DATA_DIR).toBe('/var/lib/vestibule/data')
    expect(text).toContain('VOLUME /var/lib/vestibule\n')
  })

  test('is built for the Node that the project is for, like the base of its packages', () => {
    const { engines } = JSON.parse(read('package.json')) as { engines: { node: string } }
    expect(engines.node).toMatch(/^>=22/)
    expect(new Set(of('FROM').map((line) => line.split(/\s+/)[1]))).toEqual(new Set(['node:24-slim']))
  })
})

describe('docker-compose.yml', () => {
  type Service = {
    readonly environment?: Mapping
    readonly secrets?: string[]
    readonly ports?: string[]
    readonly command?: string[]
    readonly read_only?: boolean
    readonly cap_drop?: string[]
    readonly volumes?: string[]
    readonly networks?: string[] | Record<string, { readonly ipv4_address: string }>
  }
  const file = parse(read('docker-compose.yml'), { merge: true }) as {
    services: Record<string, Service>
    secrets: Record<string, { file: string }>
  }
  const { services } = file
  const nodes = [services['node-1'], services['node-2'], services.vestibule] as Service[]

  test('gives nodes settings that exist, and every secret by a file that it mounts', () => {
    for (const { environment = {}, secrets = [] } of nodes) {
      expect(unknownSettings(Object.keys(environment))).toEqual([])
      const files = Object.entries(environment).filter(([name]) => name.endsWith('_FILE'))
      expect(files.map(([, path]) => path).sort()).toEqual(secrets.map((name) => `/run/secrets/${name}`).sort())
      const open = Object.keys(environment).filter((name) => name in settings && 'secret' in settings[name as 'ISSUER'])
      expect(open).toEqual([])
    }
    const used = Object.values(services).flatMap(({ secrets = [] }) => secrets)
    expect(used.filter((name) => !(name in file.secrets))).toEqual([])
  })

  test('has settings that a production start takes', () => {
    const secrets: Mapping = {
      COOKIE_KEYS: OWN_SECRET,
      KEY_ENCRYPTION_KEY: OWN_SECRET,
      DATABASE_URL: 'postgres://postgres/vestibule',
      REDIS_URL: 'redis://redis',
    }
    const given = Object.entries((services['node-1'] as Service).environment ?? {}).filter(
      ([name]) => !name.endsWith('_FILE'),
    )
    const plain = given.map(([name, value]) => [name, value.replace(/^\$\{\w+:-(.*)\}$/, '$1')])
    expect(() => readConfig({ NODE_ENV: 'production', ...secrets, ...Object.fromEntries(plain) })).not.toThrow()
  })

  test('runs nodes without privileges on a read-only root, and shows the world nothing but the proxy', () => {
    for (const node of nodes) expect([node.read_only, node.cap_drop]).toEqual([true, ['ALL']])
    const published = Object.entries(services).filter(([, { ports }]) => ports)
    expect(published.map(([name]) => name).sort()).toEqual(['proxy', 'vestibule'])
  })

  test('has a Redis that keeps what it acknowledged', () => {
    const command = (services.redis as Service).command?.join(' ')
    expect(command).toContain('--appendonly yes')
    expect(command).toContain('--maxmemory-policy noeviction')
  })

  test('lets nodes believe the proxy, which sends to both of them', () => {
    const proxy = services.proxy as Service
    const { ipv4_address } = (proxy.networks as Record<string, { ipv4_address: string }>).front as {
      ipv4_address: string
    }
    expect(services['node-1']?.environment?.TRUSTED_PROXIES).toBe(ipv4_address)
    const [path = ''] = (proxy.volumes ?? [])[0]?.split(':') ?? []
    const conf = read(path)
    expect([...conf.matchAll(/server (\S+):4000/g)].map(([, name]) => name)).toEqual(['node-1', 'node-2'])
    for (const [, secret] of conf.matchAll(/\/run\/secrets\/(\w+)/g)) expect(proxy.secrets).toContain(secret)
  })
})

describe('the Kubernetes manifests', () => {
  type Manifest = {
    readonly kind: string
    readonly metadata: { readonly name: string }
    readonly [member: string]: unknown
  }
  const manifests = globSync('deploy/kubernetes/*.yaml', { cwd: ROOT }).flatMap((path) =>
    parseAllDocuments(read(path), { merge: true }).map((document) => {
      expect(document.errors).toEqual([])
      return document.toJS() as Manifest
    }),
  )
  const find = (kind: string) => manifests.find((manifest) => manifest.kind === kind) as Manifest
  const pod = (find('Deployment').spec as { template: { spec: Record<string, unknown> } }).template.spec
  const [server] = pod.containers as [Container]
  const all = [...(pod.initContainers as Container[]), server]

  test('are all applied', () => {
    const { resources } = parse(read('deploy/kubernetes/kustomization.yaml')) as { resources: string[] }
    const files = globSync('deploy/kubernetes/*.yaml', { cwd: ROOT }).map((path) => path.split('/').at(-1))
    expect([...resources, 'kustomization.yaml'].sort()).toEqual(files.sort())
  })

  test('give settings that exist, secrets by files of the Secret, and what a production start takes', () => {
    const plain = (find('ConfigMap').data ?? {}) as Mapping
    for (const { env } of all) {
      expect(unknownSettings(env.map(({ name }) => name))).toEqual([])
      for (const { name, value } of env)
        expect([name.endsWith('_FILE'), value]).toEqual([
          true,
          expect.stringMatching(/^\/run\/secrets\/vestibule\/\w+$/),
        ])
    }
    expect(unknownSettings(Object.keys(plain))).toEqual([])
    const secrets = { COOKIE_KEYS: OWN_SECRET, KEY_ENCRYPTION_KEY: OWN_SECRET, DATABASE_URL: 'postgres://db/x' }
    expect(() => readConfig({ NODE_ENV: 'production', ...secrets, ...plain })).not.toThrow()
  })

  test('confine every container: no root, no privileges, nothing to write to but what is mounted', () => {
    expect(pod.securityContext).toMatchObject({ runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } })
    for (const { securityContext, volumeMounts } of all) {
      expect(securityContext).toEqual({
        allowPrivilegeEscalation: false,
        readOnlyRootFilesystem: true,
        capabilities: { drop: ['ALL'] },
      })
      expect(volumeMounts.map(({ mountPath }) => mountPath)).toContain('/var/lib/vestibule')
    }
    expect(pod.automountServiceAccountToken).toBe(false)
  })

  test('restart a pod that does not live, and send traffic to one that is ready', () => {
    const paths = (['livenessProbe', 'readinessProbe', 'startupProbe'] as const).map(
      (probe) => server[probe]?.httpGet.path,
    )
    expect(paths).toEqual(['/health/live', '/health/ready', '/health/live'])
    const ports = Object.fromEntries(
      (server.ports ?? []).map(({ name, containerPort }) => [name, String(containerPort)]),
    )
    expect(ports).toEqual({ http: settings.PORT.default, admin: settings.ADMIN_PORT.default })
  })

  test('wait for a pod that leaves longer than it may take', () => {
    const deadline = Number(settings.SHUTDOWN_DEADLINE_SECONDS.default)
    expect(pod.terminationGracePeriodSeconds).toBeGreaterThan(deadline + 5)
    expect(find('PodDisruptionBudget').spec).toMatchObject({ maxUnavailable: 1 })
  })
})

describe('the systemd unit', () => {
  const text = read('deploy/systemd/vestibule.service')
  const valuesOf = (key: string) =>
    [...text.matchAll(new RegExp(`^${key}=(.*)$`, 'gm'))].map(([, value]) => String(value))

  test('sets settings that exist, and hands over the secrets that production needs', () => {
    const pairs = valuesOf('Environment').map((pair) => pair.split('=') as [string, string])
    expect(unknownSettings(pairs.map(([name]) => name))).toEqual([])
    const credentials = valuesOf('LoadCredential').map((credential) => credential.split(':')[0])
    const files = pairs.filter(([name]) => name.endsWith('_FILE')).map(([, path]) => path.replace('%d/', ''))
    expect(files).toEqual(credentials)
    expect(files).toEqual(['cookie_keys', 'key_encryption_key'])
  })

  test('has a drop-in for Postgres and Redis, which hands over the secrets of its settings', () => {
    const lines = read('deploy/systemd/postgres-and-redis.conf').split('\n')
    const pairs = lines.flatMap((line) => (line.startsWith('Environment=') ? [line.slice(12).split('=')] : []))
    const credentials = lines.flatMap((line) => /^LoadCredential=(\w+):\/etc\/vestibule\/\1$/.exec(line)?.[1] ?? [])
    expect(unknownSettings(pairs.map(([name = '']) => name))).toEqual([])
    const files = pairs.filter(([name]) => name?.endsWith('_FILE')).map(([, path]) => path)
    expect(files).toEqual(credentials.map((name) => `%d/${name}`))
    expect(files).toContain('%d/database_url')
  })

  test('starts a program that exists, and waits for its end longer than it may take', () => {
    const [start = ''] = valuesOf('ExecStart')
    expect(existsSync(join(ROOT, String(/\/opt\/vestibule\/(\S+)/.exec(start)?.[1])))).toBe(true)
    expect(Number(valuesOf('TimeoutStopSec')[0])).toBeGreaterThan(Number(settings.SHUTDOWN_DEADLINE_SECONDS.default))
  })

  test('keeps the state where the unit may write, and gives away what it does not need', () => {
    const directory = `/var/lib/${valuesOf('StateDirectory')[0]}/`
    for (const name of ['DATA_DIR', 'KEYS_URL'])
      expect(text).toMatch(new RegExp(`^Environment=${name}=(file:)?${directory}`, 'm'))
    for (const line of ['DynamicUser=yes', 'ProtectSystem=strict', 'NoNewPrivileges=yes', 'CapabilityBoundingSet=']) {
      expect(text.split('\n')).toContain(line)
    }
  })
})

test('every file that starts a server gives Node the same flags as npm start', () => {
  const { scripts } = JSON.parse(read('package.json')) as { scripts: { start: string } }
  const flags = flagsOfNode(scripts.start)
  expect(flags).not.toEqual([])
  const [, entry = '[]'] = /^ENTRYPOINT (.*)$/m.exec(read('Dockerfile')) ?? []
  expect(flagsOfNode((JSON.parse(entry) as string[]).join(' '))).toEqual(flags)
  const [, start = ''] = /^ExecStart=(.*)$/m.exec(read('deploy/systemd/vestibule.service')) ?? []
  expect(flagsOfNode(start)).toEqual(flags)
})

/** What stands between Node and the program. */
function flagsOfNode(command: string): string[] {
  return command
    .replace(/ \S*bin\/vestibule\.js.*/, '')
    .split(' ')
    .slice(1)
}
