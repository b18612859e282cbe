import { hash } from 'node:crypto'
import { verify } from '@node-rs/bcrypt'
import { type PasswordScheme, plainForms } from './scheme.ts'

/** Each step doubles the time: 12 takes about a quarter of a second, 14 a whole one. */
const MAX_COST = 14
/** bcrypt reads no further. */
const MAX_BYTES = 72

const SHAPE = /^\$2[aby]\$(\d\d)\$[./A-Za-z0-9]{53}$/

export const bcrypt: PasswordScheme = {
  name: 'bcrypt',
  problem: ({ hash: stored }) => {
    const problem = bcryptProblem(stored)
    return problem && `a bcrypt hash ${problem}`
  },
  forms: plainForms,
  matches: (form, { hash: stored }) => matchesBcrypt(form, stored),
}

/** What is wrong with a bcrypt string, the cost included. */
export function bcryptProblem(stored: string): string | undefined {
  const cost = Number(SHAPE.exec(stored)?.[1])
  if (Number.isNaN(cost)) return 'must begin with $2a$, $2b$ or $2y$ and have 60 characters'
  if (cost < 4 || cost > MAX_COST) return `has cost ${cost}; 4 to ${MAX_COST} are allowed`
  return undefined
}

/**
 * Symfony hashes passwords that bcrypt would cut short (over 72 bytes, or with a NUL) as base64 of their SHA-512;
 * others cut them. Both are tried, but never a cut at a NUL, which would accept any ending.
 */
export async function matchesBcrypt(form: string, stored: string): Promise<boolean> {
  const bytes = Buffer.from(form)
  const hasNul = bytes.includes(0)
  if (bytes.length <= MAX_BYTES && !hasNul) return verify(bytes, stored)
  if (await verify(hash('sha512', bytes, 'base64'), stored)) return true
  return !hasNul && verify(bytes.subarray(0, MAX_BYTES), stored)
}
