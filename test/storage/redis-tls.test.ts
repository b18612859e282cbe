import { randomUUID } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openRedisStorage } from '../../src/storage/redis.ts'
import { describeOn } from '../support/describe-on.ts'
import { freePort } from '../support/free-port.ts'
import { type RedisServer, startRedis } from '../support/redis-server.ts'
import { makeTlsFiles, type TlsFiles } from '../support/tls-files.ts'
import { waitFor } from '../support/wait-for.ts'

const TTL = 60

/** The three forms, each with how its servers are started; the answer is the address without parameters. */
const forms: readonly [string, (start: (...args: string[]) => Promise<number>) => Promise<string>][] = [
  ['rediss', async (start) => `rediss://127.0.0.1:${await start()}`],
  [
    'rediss+sentinel',
    async (start) => {
      const primary = await start('--tls-replication', 'yes')
      return `rediss+sentinel://127.0.0.1:${await start('--sentinel', String(primary))}/shop`
    },
  ],
  [
    'rediss+cluster',
    async (start) => {
      const port = await start('--cluster-enabled', 'yes', '--tls-cluster', 'yes', '--cluster-announce-ip', '127.0.0.1')
      return `rediss+cluster://127.0.0.1:${port}`
    },
  ],
]

describeOn('redis', 'Redis over TLS, which asks for a certificate as well', () => {
  let files: TlsFiles
  const servers: RedisServer[] = []
  beforeAll(() => {
    files = makeTlsFiles()
  })
  afterAll(async () => {
    for (const server of servers) await server.stop()
  })

  test.each(forms)(
    '%s:// keeps, counts and tells, and trusts nobody that ?ca= does not vouch for',
    async (_form, begin) => {
      const url = await begin((...args) => startEncrypted(files, servers, args))
      const { ca, cert, key } = files
      const parameters = new URLSearchParams({ ca, cert, key })
      const storage = await openRedisStorage(`${url}?${parameters}`)
      try {
        const [id, topic] = [randomUUID(), randomUUID()]
        await storage.put('Thing', id, { at: 1 }, TTL)
        expect((await storage.get('Thing', id))?.artifact).toEqual({ at: 1 })
        expect([await storage.consume('Thing', id), await storage.consume('Thing', id)]).toEqual([true, false])
        let isHeard = false
        storage.subscribe(topic, () => {
          isHeard = true
        })
        await waitFor(async () => {
          await storage.publish(topic)
          return isHeard
        })
      } finally {
        await storage.close()
      }
      parameters.delete('ca')
      await expect(openRedisStorage(`${url}?${parameters}`)).rejects.toThrow('REDIS_URL does not answer')
    },
  )

  test('a file that cannot be read, or is named without TLS, is said by name', async () => {
    await expect(openRedisStorage('rediss://127.0.0.1:1?ca=/absent.pem')).rejects.toThrow('/absent.pem for "ca"')
    await expect(openRedisStorage('redis://127.0.0.1:1?ca=/absent.pem')).rejects.toThrow('write rediss://')
  })
})

/** A Redis, or with `--sentinel PORT` a Sentinel of the one on that port, that speaks TLS on the port returned. */
async function startEncrypted(files: TlsFiles, servers: RedisServer[], args: readonly string[]): Promise<number> {
  const tlsPort = await freePort()
  const tls = ['--tls-port', String(tlsPort), '--tls-ca-cert-file', files.ca]
  const own = ['--tls-cert-file', files.cert, '--tls-key-file', files.key]
  const server =
    args[0] === '--sentinel'
      ? await startRedis({ prepare: sentinelFile(Number(args[1])), args: [...tls, ...own, '--tls-replication', 'yes'] })
      : await startRedis({ args: [...tls, ...own, ...args] })
  servers.push(server)
  if (args.includes('--cluster-enabled')) {
    await server.command('CLUSTER', 'ADDSLOTSRANGE', '0', '16383')
    const isWhole = async () => String(await server.command('CLUSTER', 'INFO')).includes('cluster_state:ok')
    await waitFor(isWhole, { what: 'the cluster to serve all slots' })
  }
  return tlsPort
}

function sentinelFile(primaryPort: number) {
  return (directory: string, port: number): string[] => {
    const file = join(directory, 'sentinel.conf')
    const monitor = `sentinel monitor shop 127.0.0.1 ${primaryPort} 1`
    writeFileSync(file, [`port ${port}`, 'bind 127.0.0.1', `dir ${directory}`, monitor, ''].join('\n'))
    return [file, '--sentinel']
  }
}
