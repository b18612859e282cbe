import { hash, hashRaw, type ParsedHashOptions, parseOptions, verify } from '@node-rs/argon2'
import { type PasswordScheme, plainForms } from './scheme.ts'

/** OWASP's argon2id minimum: 19 MiB, two passes, one lane. */
export const ARGON2ID = { algorithm: 2, memoryCost: 19_456, timeCost: 2, parallelism: 1 } as const

/** Beyond these a row could take a node down: 256 MiB, and about half a second of one core. */
const MAX_MEMORY_KIB = 262_144
const MAX_MEMORY_PASSES_KIB = 1_048_576
const MAX_PARALLELISM = 16

const ALGORITHMS = { argon2i: 1, argon2id: 2 } as const
type Argon2Name = keyof typeof ALGORITHMS

export const argon2id = argon2Scheme('argon2id')
export const argon2i = argon2Scheme('argon2i')

/** Hashes under the current parameters. */
export function hashArgon2id(password: string): Promise<string> {
  return hash(password, ARGON2ID)
}

/** A row that cannot be read is a mismatch. */
export function matchesArgon2(form: string, phc: string): Promise<boolean> {
  return verify(phc, form).catch(() => false)
}

/** True when `phc` was made under other parameters than the current ones. */
export function isOutdated(phc: string): boolean {
  const { algorithm, memoryCost, timeCost, parallelism } = parseOptions(phc)
  return (
    Number(algorithm) !== ARGON2ID.algorithm ||
    memoryCost !== ARGON2ID.memoryCost ||
    timeCost !== ARGON2ID.timeCost ||
    parallelism !== ARGON2ID.parallelism
  )
}

export type RawArgon2Cost = { readonly memoryKib: number; readonly passes: number; readonly length: number }

/** The bare argon2id digest, hex, one lane. */
export async function rawArgon2id(password: string, salt: Buffer, cost: RawArgon2Cost): Promise<string> {
  const { memoryKib: memoryCost, passes: timeCost, length: outputLen } = cost
  const digest = await hashRaw(password, { algorithm: 2, memoryCost, timeCost, parallelism: 1, outputLen, salt })
  return digest.toString('hex')
}

/** Why a cost is refused; undefined when it is within bounds. */
export function argon2CostProblem(memoryKib: number, passes: number): string | undefined {
  if (memoryKib > MAX_MEMORY_KIB) return `asks for ${memoryKib} KiB of memory; at most ${MAX_MEMORY_KIB} are allowed`
  if (memoryKib * passes <= MAX_MEMORY_PASSES_KIB) return undefined
  return `asks for ${passes} passes over ${memoryKib} KiB; at most ${MAX_MEMORY_PASSES_KIB} KiB in all are allowed`
}

/** What is wrong with a PHC string that should be one of `names`. */
export function argon2Problem(phc: string, names: readonly Argon2Name[]): string | undefined {
  const found = names.find((name) => phc.startsWith(`$${name}$`))
  const options = found && parse(phc)
  if (!options) return `must be a PHC string that begins with ${names.map((name) => `$${name}$`).join(' or ')}`
  const { memoryCost, timeCost, parallelism, outputLen, saltLen } = options
  if (parallelism > MAX_PARALLELISM) return `asks for ${parallelism} lanes; at most ${MAX_PARALLELISM} are allowed`
  if (outputLen < 16 || outputLen > 64 || saltLen < 8 || saltLen > 64) return 'has a salt or a digest of an odd length'
  return argon2CostProblem(memoryCost, timeCost)
}

function argon2Scheme(name: Argon2Name): PasswordScheme {
  return {
    name,
    problem: ({ hash: phc }) => prefixed(`an ${name} hash `, argon2Problem(phc, [name])),
    forms: plainForms,
    matches: (form, { hash: phc }) => matchesArgon2(form, phc),
  }
}

function prefixed(prefix: string, text: string | undefined): string | undefined {
  return text && prefix + text
}

function parse(phc: string): ParsedHashOptions | undefined {
  try {
    return parseOptions(phc)
  } catch {
    return undefined
  }
}
