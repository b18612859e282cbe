import { StorageError } from './storage.ts'

/** Where a Redis is, in one of its three forms. */
export type RedisAddress = {
  readonly form: 'single' | 'sentinel' | 'cluster'
  /** The server itself, the Sentinels, or some nodes of the cluster. */
  readonly nodes: readonly { readonly host: string; readonly port: number }[]
  readonly isEncrypted: boolean
  /** Files in PEM form: who vouches for the servers' certificates, and our own certificate where they ask for one. */
  readonly tlsFiles: { readonly ca?: string; readonly cert?: string; readonly key?: string }
  readonly username?: string
  readonly password?: string
  readonly sentinelPassword?: string
  readonly database: number
  /** The name the Sentinels know the primary by. */
  readonly primary?: string
  /** Put before every key and topic, so that several installations can share one Redis. */
  readonly prefix: string
  /** How many replicas must have a write that may not be lost before it counts as done; 0 asks none. */
  readonly replicas: number
}

const PATTERN = /^(rediss?)(?:\+(sentinel|cluster))?:\/\/(?:([^@/]*)@)?([^/?]+)(?:\/([^?]*))?(?:\?(.*))?$/
const DEFAULT_PORT = { single: 6379, sentinel: 26_379, cluster: 6379 }
const TLS_FILES = ['ca', 'cert', 'key'] as const
const FORMS =
  'redis://HOST:PORT/DB, redis+sentinel://HOST:PORT,HOST:PORT/NAME/DB or redis+cluster://HOST:PORT,HOST:PORT ' +
  '(rediss… for TLS)'

/**
 * Reads REDIS_URL: `redis://`, `redis+sentinel://` or `redis+cluster://`, with `rediss` for TLS. Nodes are separated by
 * commas, credentials are those of the data servers; `?prefix=`, `?replicas=`, `?sentinelPassword=` and, with TLS, the
 * files `?ca=`, `?cert=` and `?key=` are optional.
 *
 * @throws {StorageError} when it is none of these.
 */
export function readRedisUrl(url: string): RedisAddress {
  const [, scheme, form = 'single', credentials, hosts, path = '', query] = PATTERN.exec(url) ?? []
  if (!scheme || !hosts) throw new StorageError(`REDIS_URL must be one of ${FORMS}.`)
  const [username, password] = (credentials ?? '').split(':').map(decodeURIComponent)
  const segments = path.split('/').filter(Boolean)
  const primary = form === 'sentinel' ? segments.shift() : undefined
  if (form === 'sentinel' && !primary) {
    throw new StorageError('REDIS_URL has no name of the primary: write redis+sentinel://HOST:PORT,HOST:PORT/NAME.')
  }
  const database = Number(segments[0] ?? 0)
  if (!Number.isInteger(database) || (form === 'cluster' && database !== 0)) {
    throw new StorageError(`REDIS_URL names the database "${segments[0]}"; it must be a number, and 0 in a cluster.`)
  }
  const parameters = new URLSearchParams(query)
  if (form === 'cluster' && parameters.has('replicas')) {
    throw new StorageError('REDIS_URL has "replicas" with a cluster: set min-replicas-to-write on its nodes instead.')
  }
  const tlsFiles = Object.fromEntries(TLS_FILES.flatMap((name) => parameters.getAll(name).map((file) => [name, file])))
  if (scheme === 'redis' && Object.keys(tlsFiles).length > 0) {
    throw new StorageError(`REDIS_URL names ${Object.keys(tlsFiles).join(' and ')} without TLS: write rediss://.`)
  }
  const sentinelPassword = parameters.get('sentinelPassword')
  return {
    form: form as RedisAddress['form'], // the pattern has no other schemes
    nodes: hosts.split(',').map((host) => readNode(host, DEFAULT_PORT[form as RedisAddress['form']])), // as above
    isEncrypted: scheme === 'rediss',
    tlsFiles,
    ...(username && { username }),
    ...(password && { password }),
    ...(sentinelPassword !== null && { sentinelPassword }),
    database,
    ...(primary && { primary: decodeURIComponent(primary) }),
    prefix: parameters.get('prefix') ?? '',
    replicas: Number(parameters.get('replicas') ?? 0),
  }
}

/** The address without its secrets, for messages. */
export function describeRedis({ form, nodes, primary, database }: RedisAddress): string {
  const hosts = nodes.map(({ host, port }) => `${host}:${port}`).join(',')
  if (form === 'sentinel') return `the primary "${primary}" of the Sentinels ${hosts}`
  return form === 'cluster' ? `the cluster at ${hosts}` : `${hosts}/${database}`
}

function readNode(text: string, defaultPort: number): { host: string; port: number } {
  const [, ipv6, name, port] = /^(?:\[([^\]]+)\]|([^:]+))(?::(\d+))?$/.exec(text) ?? []
  const host = ipv6 ?? name
  if (!host) throw new StorageError(`REDIS_URL has an invalid host: "${text}". Write HOST:PORT.`)
  return { host, port: Number(port ?? defaultPort) }
}
