import { hash } from 'node:crypto'
import type { StoredPassword } from '../stored-password.ts'
import { argon2CostProblem, rawArgon2id } from './argon2.ts'
import { isSame, type PasswordScheme, plainForms } from './scheme.ts'

type Step = { readonly kind: 'md5' | 'sha256' } | ArgonStep
type ArgonStep = {
  readonly kind: 'argon2id'
  readonly length: number
  readonly passes: number
  readonly memoryKib: number
}
type Row = {
  readonly digest: string
  readonly salt: string
  readonly versions: string
  readonly steps: readonly Step[]
}

const ARGON_SALT_BYTES = 16
const MAX_STEPS = 4
const VERSION_2: Step = { kind: 'argon2id', length: 32, passes: 2, memoryKib: 65_536 }

/**
 * Magento 2's `hash:salt:versions`, where upgraded rows chain versions oldest first: each step hashes what the one
 * before made, as hex. Version 0 and 1 are md5 and sha256, 2 and 3 argon2id.
 */
export const magento: PasswordScheme = {
  name: 'magento',
  problem: ({ hash: stored }) => problemOf(stored),
  forms: plainForms,
  async matches(form, { hash: stored }) {
    const row = parse(stored)
    return row !== undefined && isSame(await fold(form, row.salt, row.steps), row.digest)
  },
  fast: {
    split({ hash: stored }: StoredPassword) {
      const row = parse(stored)
      if (!row || row.steps.some(isArgon)) return undefined
      return { digest: row.digest, rest: `${row.salt}:${row.versions}` }
    },
    async digest(form, rest) {
      const row = parse(`${'0'.repeat(32)}:${rest}`)
      return row ? fold(form, row.salt, row.steps) : ''
    },
  },
}

function problemOf(stored: string): string | undefined {
  const row = parse(stored)
  if (!row) {
    return 'a magento hash must be hash:salt:versions with versions 0, 1, 2 or 3_length_passes_bytes; add :0 to a Magento 1 md5:salt, :1 to a sha256:salt'
  }
  const argonSteps = row.steps.filter(isArgon)
  if (row.steps.length > MAX_STEPS) return `a magento hash may chain at most ${MAX_STEPS} versions`
  if (argonSteps.length > 0 && row.salt === '') return 'a magento hash of version 2 or 3 must have a salt'
  const memoryKib = argonSteps.reduce((most, step) => Math.max(most, step.memoryKib), 0)
  const passesKib = argonSteps.reduce((sum, step) => sum + step.passes * step.memoryKib, 0)
  const cost = memoryKib > 0 ? argon2CostProblem(memoryKib, passesKib / memoryKib) : undefined
  return cost && `a magento hash ${cost}`
}

function parse(stored: string): Row | undefined {
  const [, digest, salt, versions] = /^([0-9a-fA-F]{32,128}):([^:]*):(.+)$/s.exec(stored) ?? []
  if (digest === undefined || salt === undefined || versions === undefined) return undefined
  const steps = versions.split(':').map(parseVersion)
  if (!steps.every((step) => step !== undefined)) return undefined
  return { digest: digest.toLowerCase(), salt, versions, steps }
}

function parseVersion(version: string): Step | undefined {
  if (version === '0') return { kind: 'md5' }
  if (version === '1') return { kind: 'sha256' }
  if (version === '2') return VERSION_2
  const [length = 0, passes = 0, bytes = 0] = (/^3_(\d{1,3})_(\d{1,3})_(\d{1,11})$/.exec(version) ?? [])
    .slice(1)
    .map(Number)
  const memoryKib = Math.floor(bytes / 1024)
  return length >= 16 && length <= 64 && passes >= 1 && memoryKib >= 8
    ? { kind: 'argon2id', length, passes, memoryKib }
    : undefined
}

async function fold(form: string, salt: string, steps: readonly Step[]): Promise<string> {
  let result = form
  for (const step of steps) {
    result = isArgon(step) ? await rawArgon2id(result, argonSalt(salt), step) : hash(step.kind, salt + result)
  }
  return result
}

/** Sixteen bytes: longer salts are cut, shorter ones repeat themselves. */
function argonSalt(salt: string): Buffer {
  return Buffer.alloc(ARGON_SALT_BYTES, Buffer.from(salt).subarray(0, ARGON_SALT_BYTES))
}

function isArgon(step: Step): step is ArgonStep {
  return step.kind === 'argon2id'
}
