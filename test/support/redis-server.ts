import { rmSync } from 'node:fs'
import { Redis } from 'ioredis'
import { backends, findRedis } from './binaries.ts'
import { type Daemon, startDaemon } from './daemon.ts'
import { freePort } from './free-port.ts'
import { temporaryDirectory } from './run-directory.ts'
import { waitFor } from './wait-for.ts'

/** A private Redis on a free port of 127.0.0.1. */
export type RedisServer = {
  readonly url: string
  readonly port: number
  /** `127.0.0.1:PORT`. */
  readonly address: string
  readonly pid: number
  /** One command over a connection of its own; the answer as ioredis gives it. */
  command(name: string, ...args: string[]): Promise<unknown>
  /** `kill -9`; `restart` brings it back on the same data and port. */
  kill(): Promise<void>
  /** Freezes the server: connections stay open, nothing answers. */
  pause(): void
  resume(): void
  /** Starts again on the same data and port, after a clean shutdown if it still runs. */
  restart(): Promise<void>
  /** Ends the server and removes its data. */
  stop(): Promise<void>
}

type RedisOptions = {
  /** Further arguments of redis-server, such as `['--maxmemory', '1mb']`. */
  readonly args?: readonly string[]
  /** Made before the server starts, in its directory: a Sentinel needs a file it can write. */
  readonly prepare?: (directory: string, port: number) => readonly string[]
}

const START_DEADLINE_MS = 120_000

/** Starts Redis with an append-only file, so that what was acknowledged survives `kill` and `restart`. */
export async function startRedis({ args = [], prepare = persistent }: RedisOptions = {}): Promise<RedisServer> {
  const binary = findRedis()
  if (!binary) throw new Error(backends.redis.fix)
  const directory = temporaryDirectory('redis')
  const port = await freePort()
  const all = [...prepare(directory, port), ...args]
  const start = () => startAndWait(binary, all, directory, port)
  let daemon = await start()

  return {
    url: `redis://127.0.0.1:${port}`,
    port,
    address: `127.0.0.1:${port}`,
    get pid() {
      return daemon.pid
    },
    command: (name, ...rest) => command(port, name, ...rest),
    kill: async () => void (await daemon.kill()),
    pause: () => daemon.pause(),
    resume: () => daemon.resume(),
    async restart() {
      daemon.resume()
      await daemon.end('SIGTERM')
      daemon = await start()
    },
    async stop() {
      await daemon.kill()
      rmSync(directory, { recursive: true, force: true })
    },
  }
}

function persistent(directory: string, port: number): readonly string[] {
  return ['--port', String(port), '--bind', '127.0.0.1', '--dir', directory, '--save', '', '--appendonly', 'yes']
}

async function startAndWait(binary: string, args: readonly string[], cwd: string, port: number): Promise<Daemon> {
  const daemon = await startDaemon(binary, args, { cwd })
  const answers = async () => !daemon.isRunning() || (await command(port, 'PING'))
  await waitFor(answers, { deadlineMs: START_DEADLINE_MS, what: 'Redis to answer' })
  if (!daemon.isRunning()) throw new Error(`Redis ended while starting:\n${daemon.stdout()}${daemon.stderr()}`)
  return daemon
}

async function command(port: number, name: string, ...args: string[]): Promise<unknown> {
  const redis = new Redis({
    port,
    host: '127.0.0.1',
    lazyConnect: true,
    enableReadyCheck: false,
    connectTimeout: 2000,
    maxRetriesPerRequest: 0,
    retryStrategy: () => null,
  })
  // The failure is reported by the command itself; unheard, the event would end the process.
  redis.on('error', () => {})
  try {
    await redis.connect()
    return await redis.call(name, ...args)
  } finally {
    redis.disconnect()
  }
}
