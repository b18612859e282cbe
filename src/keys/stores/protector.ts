import { createCipheriv, createDecipheriv, createHmac, randomBytes, scryptSync } from 'node:crypto'
import type { Sealed } from '../key-record.ts'
import { KeyStoreError } from '../key-store.ts'

const MIN_SECRET_LENGTH = 16
const SCRYPT = { N: 2 ** 14, r: 8, p: 1, maxmem: 32 * 1024 * 1024 }

/** Encrypts private keys at rest and opens them again. */
export type Protector = {
  /** Whether a secret is set; without one nothing is encrypted. */
  readonly isEncrypting: boolean
  /** The id of the secret that encrypts now. */
  readonly secretId: string | undefined
  seal(kid: string, plaintext: string): Sealed
  /** @throws {KeyStoreError} naming the secret that is missing, when none of those given opens it. */
  open(kid: string, sealed: Sealed): string
}

type Secret = { readonly id: string; readonly key: Buffer }

/**
 * AES-256-GCM under keys derived by scrypt from KEY_ENCRYPTION_KEY. Several secrets are separated by commas: the
 * first encrypts, all decrypt, so that the secret itself can be rotated. The kid is authenticated with the
 * ciphertext: one key's private half cannot be passed off as another's.
 *
 * @throws {KeyStoreError} when a secret is shorter than 16 characters.
 */
export function createProtector(
  keyEncryptionKey: string | undefined,
  { noun = 'Signing key', home = 'KEYS_URL' } = {},
): Protector {
  const secrets = (keyEncryptionKey ?? '')
    .split(',')
    .map((secret) => secret.trim())
    .filter(Boolean)
    .map(derive)
  const [first] = secrets

  return {
    isEncrypting: first !== undefined,
    secretId: first?.id,
    seal(kid, plaintext) {
      if (!first) throw new Error('seal was called although KEY_ENCRYPTION_KEY is unset')
      return encrypt(first, kid, plaintext)
    },
    open(kid, sealed) {
      const secret = secrets.find((candidate) => candidate.id === sealed.secret)
      if (!secret) throw new KeyStoreError(missingSecret(`${noun} ${kid}`, sealed.secret, secrets))
      return decrypt(secret, kid, sealed, () => damaged(`${noun} ${kid}`, home))
    },
  }
}

function derive(secret: string): Secret {
  if (secret.length < MIN_SECRET_LENGTH) {
    throw new KeyStoreError(
      `KEY_ENCRYPTION_KEY has a secret of ${secret.length} characters. ` +
        `Use at least ${MIN_SECRET_LENGTH}; "openssl rand -base64 32" makes a good one.`,
    )
  }
  const key = scryptSync(secret, 'vestibule signing keys', 32, SCRYPT)
  return { id: createHmac('sha256', key).update('id').digest('hex').slice(0, 8), key }
}

function encrypt(secret: Secret, kid: string, plaintext: string): Sealed {
  const iv = randomBytes(12)
  const cipher = createCipheriv('aes-256-gcm', secret.key, iv).setAAD(Buffer.from(kid))
  const ciphertext = Buffer.concat([cipher.update(plaintext, 'utf8'), cipher.final()])
  return {
    enc: 'A256GCM',
    secret: secret.id,
    iv: iv.toString('base64url'),
    tag: cipher.getAuthTag().toString('base64url'),
    ciphertext: ciphertext.toString('base64url'),
  }
}

function decrypt(secret: Secret, kid: string, sealed: Sealed, failure: () => Error): string {
  try {
    const decipher = createDecipheriv('aes-256-gcm', secret.key, Buffer.from(sealed.iv, 'base64url'), {
      authTagLength: 16,
    })
    decipher.setAAD(Buffer.from(kid)).setAuthTag(Buffer.from(sealed.tag, 'base64url'))
    return Buffer.concat([decipher.update(Buffer.from(sealed.ciphertext, 'base64url')), decipher.final()]).toString(
      'utf8',
    )
  } catch {
    throw failure()
  }
}

function damaged(what: string, home: string): KeyStoreError {
  return new KeyStoreError(
    `${what} is damaged: KEY_ENCRYPTION_KEY is the right one, but the stored private key has been ` +
      `changed since it was encrypted. Restore this key from a backup of ${home}.`,
  )
}

function missingSecret(what: string, needed: string, secrets: readonly Secret[]): string {
  if (secrets.length === 0) {
    return (
      `${what} is encrypted and KEY_ENCRYPTION_KEY is unset. ` +
      `Set KEY_ENCRYPTION_KEY to the secret with id ${needed}.`
    )
  }
  const given = secrets.map((secret) => secret.id).join(', ')
  return (
    `KEY_ENCRYPTION_KEY does not decrypt ${what.charAt(0).toLowerCase()}${what.slice(1)}: it was encrypted with the secret of id ${needed}, and those ` +
    `given have the ids ${given}. Add the earlier secret to KEY_ENCRYPTION_KEY after a comma.`
  )
}
