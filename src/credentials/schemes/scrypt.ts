import { type ScryptOptions, scrypt as scryptCallback } from 'node:crypto'
import { promisify } from 'node:util'
import { isSame, type PasswordScheme, plainForms } from './scheme.ts'

type Row = {
  readonly log2N: number
  readonly r: number
  readonly p: number
  readonly salt: Buffer
  readonly digest: Buffer
}

const derive = promisify<string, Buffer, number, ScryptOptions, Buffer>(scryptCallback)

const MAX_MEMORY_BYTES = 256 * 1024 * 1024
const MAX_PARALLELISM = 16

/** scrypt as a PHC string: `$scrypt$ln=16,r=8,p=1$salt$hash`. */
export const scrypt: PasswordScheme = {
  name: 'scrypt',
  problem({ hash }) {
    const row = parse(hash)
    if (!row) return 'a scrypt hash must be $scrypt$ln=…,r=…,p=…$salt$hash'
    // RFC 7914 §2; OpenSSL refuses to compute others.
    if (row.log2N >= 16 * row.r) return 'a scrypt hash must have ln below 16 times r'
    const isWithinBounds = memoryOf(row) * row.p <= MAX_MEMORY_BYTES && row.p <= MAX_PARALLELISM
    return isWithinBounds
      ? undefined
      : `a scrypt hash may take at most ${MAX_MEMORY_BYTES} bytes of memory in all lanes`
  },
  forms: plainForms,
  async matches(form, { hash }) {
    const row = parse(hash)
    if (!row) return false
    const { log2N, r, p, salt, digest } = row
    const options = { N: 2 ** log2N, r, p, maxmem: 2 * MAX_MEMORY_BYTES }
    return isSame((await derive(form, salt, digest.length, options)).toString('hex'), digest.toString('hex'))
  },
}

function parse(text: string): Row | undefined {
  const [, log2N, r, p, salt, digest] =
    /^\$scrypt\$ln=(\d{1,2}),r=(\d{1,3}),p=(\d{1,3})\$([^$]*)\$([^$]+)$/.exec(text) ?? []
  if (salt === undefined || digest === undefined) return undefined
  const row = { log2N: Number(log2N), r: Number(r), p: Number(p), salt: fromBase64(salt), digest: fromBase64(digest) }
  const isSound = row.log2N >= 1 && row.r >= 1 && row.p >= 1 && row.digest.length >= 16 && row.digest.length <= 64
  return isSound ? row : undefined
}

function memoryOf({ log2N, r }: Row): number {
  return 128 * 2 ** log2N * r
}

function fromBase64(text: string): Buffer {
  return Buffer.from(text.replaceAll('.', '+'), 'base64')
}
