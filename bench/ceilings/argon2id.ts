/** Ceiling of a sign-in with a password: how many hashes of our parameters the cores can do, with nothing around them. */
import { availableParallelism } from 'node:os'
import { hash, verify } from '@node-rs/argon2'
import { ARGON2ID } from '../../src/credentials/schemes/argon2.ts'
import type { Turn, TurnFigures } from '../generator/turn.ts'
import { nanosecondsOf } from '../processor-time.ts'

const PASSWORD = 'mysecretpassword'
const stored = await hash(PASSWORD, ARGON2ID)

process.on('message', async ({ warmUpSeconds, seconds, maxRequests }: Turn) => {
  await verifyFor(warmUpSeconds, maxRequests)
  const beganUs = nowUs()
  const before = nanosecondsOf([process.pid])
  const durationsMs = await verifyFor(seconds, maxRequests)
  const endedUs = nowUs()
  durationsMs.sort((a, b) => a - b)
  const figures: TurnFigures = {
    requests: durationsMs.length,
    errors: 0,
    seconds: (endedUs - beganUs) / 1e6,
    p50Ms: durationsMs[Math.floor(durationsMs.length / 2)] ?? 0,
    p99Ms: durationsMs[Math.floor(durationsMs.length * 0.99)] ?? 0,
    serverNs: nanosecondsOf([process.pid]) - before,
    storesNs: 0,
    windowUs: [beganUs, endedUs],
    collected: [],
  }
  process.send?.(figures)
})
process.on('disconnect', () => process.exit())

/** One hash in flight for each core; returns how long each took. */
async function verifyFor(seconds: number, maxRequests = Number.POSITIVE_INFINITY): Promise<number[]> {
  const durationsMs: number[] = []
  const endsAtMs = performance.now() + seconds * 1000
  const verifyAgain = async () => {
    while (performance.now() < endsAtMs && durationsMs.length < maxRequests) {
      const beganMs = performance.now()
      if (!(await verify(stored, PASSWORD))) throw new Error('the password does not match')
      durationsMs.push(performance.now() - beganMs)
    }
  }
  await Promise.all(Array.from({ length: availableParallelism() }, verifyAgain))
  return durationsMs
}

function nowUs(): number {
  return Number(process.hrtime.bigint() / 1000n)
}
