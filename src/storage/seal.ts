import { createCipheriv, createDecipheriv, createSecretKey, hkdfSync, type KeyObject } from 'node:crypto'
import { randomCopy } from '../random.ts'

const IV_BYTES = 12
const TAG_BYTES = 16

/**
 * Encrypts `text` (AES-256-GCM) under a key derived from `secret`, which is a bearer value its holder presents again:
 * storage alone cannot read what it keeps. `context` must be the same to open it.
 */
export function seal(secret: string, context: string, text: string): string {
  return sealUnder(keyOf(secret), context, text)
}

/** The sealed text; undefined when the secret or the context is another one. */
export function unseal(secret: string, context: string, sealed: string): string | undefined {
  return unsealUnder(keyOf(secret), context, sealed)
}

/** The same under a key of 256 bits. It comes as a key object: Node tries of bytes, by two exceptions, whether they are one. */
export function sealUnder(key: KeyObject, context: string, text: string): string {
  const iv = randomCopy(IV_BYTES)
  const cipher = createCipheriv('aes-256-gcm', key, iv).setAAD(Buffer.from(context))
  return Buffer.concat([iv, cipher.update(text, 'utf8'), cipher.final(), cipher.getAuthTag()]).toString('base64url')
}

/** Opens what `sealUnder` made. */
export function unsealUnder(key: KeyObject, context: string, sealed: string): string | undefined {
  const bytes = Buffer.from(sealed, 'base64url')
  try {
    const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, IV_BYTES)).setAAD(Buffer.from(context))
    decipher.setAuthTag(bytes.subarray(-TAG_BYTES))
    const text = [decipher.update(bytes.subarray(IV_BYTES, -TAG_BYTES)), decipher.final()]
    return Buffer.concat(text).toString('utf8')
  } catch {
    return undefined
  }
}

function keyOf(secret: string): KeyObject {
  return createSecretKey(Buffer.from(hkdfSync('sha256', secret, '', 'vestibule seal', 32)))
}
