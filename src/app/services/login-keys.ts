import { createPublicKey, type KeyObject } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { type Config, ConfigError } from '../../config.ts'
import type { SigningKey } from '../../keys/signing-key.ts'

const OWN = 'own'
/** RS256 wants as many (RFC 7518 §3.3): with a shorter key the check of every signature fails. */
const FEWEST_BITS = 2048
const PUBLIC_KEY = /-----BEGIN (?:RSA )?PUBLIC KEY-----[\s\S]+?-----END (?:RSA )?PUBLIC KEY-----/g

/**
 * Whose login tokens are taken: this server's RS256 keys, as they are now, and public keys of the shop from files.
 *
 * @throws {ConfigError} for a file that cannot be read, or that has no RSA public key, or one that is too short.
 */
export function openLoginKeys(
  { SPRYKER_LOGIN_KEYS: sources = [] }: Pick<Config, 'SPRYKER_LOGIN_KEYS'>,
  ownKeys: () => readonly SigningKey[],
): () => readonly KeyObject[] {
  const files = sources.filter((source) => source !== OWN)
  const shops = files.flatMap(readPublicKeys)
  if (!sources.includes(OWN)) return () => shops
  const own = () => ownKeys().flatMap(({ algorithm, publicKey }) => (algorithm === 'RS256' ? [publicKey] : []))
  return () => [...shops, ...own()]
}

function readPublicKeys(path: string): KeyObject[] {
  try {
    const keys = (readFileSync(path, 'utf8').match(PUBLIC_KEY) ?? []).map((pem) => createPublicKey(pem))
    if (keys.length === 0 || keys.some(({ asymmetricKeyType }) => asymmetricKeyType !== 'rsa'))
      throw new Error('it has no RSA public key in PEM')
    if (keys.some(({ asymmetricKeyDetails }) => (asymmetricKeyDetails?.modulusLength ?? 0) < FEWEST_BITS))
      throw new Error(`a key in it has fewer than ${FEWEST_BITS} bits`)
    return keys
  } catch (error) {
    const { message } = error as Error // reading and parsing throw errors
    throw new ConfigError([`SPRYKER_LOGIN_KEYS names "${path}", which cannot be used (${message}).`])
  }
}
