import { pbkdf2 } from 'node:crypto'
import { promisify } from 'node:util'
import { isSame, type PasswordScheme, plainForms } from './scheme.ts'

type Row = { readonly iterations: number; readonly salt: Buffer; readonly digest: Buffer }

/** About a second of one core. */
const MAX_ITERATIONS = 2_000_000

export const pbkdf2Schemes: readonly PasswordScheme[] = ['sha1', 'sha256', 'sha512'].map(pbkdf2Scheme)

function pbkdf2Scheme(digestName: string): PasswordScheme {
  const name = `pbkdf2-${digestName}`
  return {
    name,
    problem({ hash }) {
      const row = parse(hash, digestName)
      if (!row)
        return `a ${name} hash must be $${name}$iterations$salt$hash or pbkdf2_${digestName}$iterations$salt$hash`
      const { iterations } = row
      if (iterations >= 1 && iterations <= MAX_ITERATIONS) return undefined
      return `a ${name} hash asks for ${iterations} iterations; at most ${MAX_ITERATIONS} are allowed`
    },
    forms: plainForms,
    async matches(form, { hash }) {
      const row = parse(hash, digestName)
      if (!row) return false
      const computed = await promisify(pbkdf2)(form, row.salt, row.iterations, row.digest.length, digestName)
      return isSame(computed.toString('hex'), row.digest.toString('hex'))
    },
  }
}

/** The PHC way (salt in base64, `i=` optional, passlib's `.` for `+`), and Django's (salt as text). */
function parse(text: string, digestName: string): Row | undefined {
  const phc = new RegExp(`^\\$pbkdf2(?:-${digestName})?\\$(?:i=)?(\\d{1,10})(?:,l=\\d+)?\\$([^$]*)\\$([^$]+)$`).exec(
    text,
  )
  const django = new RegExp(`^pbkdf2_${digestName}\\$(\\d{1,10})\\$([^$]*)\\$([^$]+)$`).exec(text)
  const [, iterations, salt, digest] = phc ?? django ?? []
  if (iterations === undefined || salt === undefined || digest === undefined) return undefined
  const bytes = fromBase64(digest)
  if (bytes.length < 16 || bytes.length > 64) return undefined
  return { iterations: Number(iterations), salt: phc ? fromBase64(salt) : Buffer.from(salt), digest: bytes }
}

function fromBase64(text: string): Buffer {
  return Buffer.from(text.replaceAll('.', '+'), 'base64')
}
