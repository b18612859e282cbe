import { randomBytes } from 'node:crypto'
import { fileURLToPath } from 'node:url'
import { freePort } from '../../test/support/free-port.ts'
import type { CeilingInput } from '../ceilings/listen.ts'
import type { Cores, Pinning } from './cores.ts'
import type { RunningServer } from './our-server.ts'
import { startProgram } from './start-program.ts'
import type { Stores } from './stores.ts'
import type { Target } from './target.ts'

/** What each ceiling does, for the table; `bench/ceilings/` has a program of each name. */
export const ceilings = {
  static: 'node:http',
  'redis-trip': 'node:http + 1 Redis trip',
  signature: 'node:http + ES256 signature',
  'signature-and-trips': 'node:http + ES256 signature + 3 Redis trips',
  argon2id: 'argon2id on both cores',
} as const

export type CeilingName = keyof typeof ceilings

type CeilingDeps = {
  readonly stores: Stores
  readonly pinning: Pinning
  readonly cores: Cores
  /** Our server, whose requests it gets, with a token and an answer of it. */
  readonly ours: Target
  readonly token: string
  readonly answer: string
}

/** Starts a ceiling that gives the answer of our server to the requests of our server, without looking at tokens. */
export async function startCeiling(name: CeilingName, deps: CeilingDeps): Promise<RunningServer> {
  const { stores, ours, token, answer } = deps
  const input: CeilingInput = { port: await freePort(), redisUrl: await stores.redisDatabase(), answer }
  const daemon = await startProgram(ceilingProgram(name), input, deps)
  const another = () => randomBytes(token.length).toString('base64url').slice(0, token.length)
  const target: Target = {
    ...ours,
    port: input.port,
    tokens: async (_, count) => Array.from({ length: count }, another),
  }
  return { pid: daemon.pid, target, stop: async () => void (await daemon.kill()) }
}

/** The program of a ceiling. */
export function ceilingProgram(name: CeilingName): string {
  return fileURLToPath(new URL(`../ceilings/${name}.ts`, import.meta.url))
}
