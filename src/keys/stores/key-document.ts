import type { JsonWebKey } from 'node:crypto'
import { calculateJwkThumbprint } from 'jose'
import {
  type KeyDocument,
  type KeyMaterial,
  type KeyRecord,
  keyDocument,
  privateMembers,
  publicMembers,
  type Tombstone,
  tombstoneDocument,
} from '../key-record.ts'
import { KeyStoreError } from '../key-store.ts'
import type { Protector } from './protector.ts'

/** The JSON text of a key at rest: a JWK whose private members are sealed where a secret is set. */
export function writeKeyDocument(record: KeyRecord, protector: Protector): string {
  const { kid, algorithm, state, createdAt, since, publicJwk, material } = record
  const members = { kid, alg: algorithm, use: 'sig', state, created_at: createdAt, since, ...publicJwk }
  return `${JSON.stringify({ ...members, ...privateHalf(kid, material, protector) }, null, 2)}\n`
}

function privateHalf(kid: string, material: KeyMaterial, protector: Protector): object {
  if (material.kind === 'external') return { external: material.reference }
  const members = privateMembers(material.privateJwk)
  return protector.isEncrypting ? { sealed: protector.seal(kid, JSON.stringify(members)) } : members
}

/**
 * Reads what `writeKeyDocument` wrote; `place` is the file or row for messages.
 *
 * @throws {KeyStoreError} when it is no key, carries a kid that is not its own, or cannot be decrypted.
 */
export async function readKeyDocument(text: string, place: string, protector: Protector): Promise<KeyRecord> {
  const document = parse(text, place)
  const publicJwk = publicMembers(document)
  if ((await thumbprint(publicJwk, place)) !== document.kid) {
    throw new KeyStoreError(`${place} does not match its kid: its content was changed. ${FIX}`)
  }
  return {
    kid: document.kid,
    algorithm: document.alg,
    state: document.state,
    createdAt: document.created_at,
    since: document.since,
    publicJwk,
    material: materialOf(document, publicJwk, place, protector),
  }
}

/** The JSON text of a tombstone at rest. */
export function writeTombstoneDocument({ kid, algorithm, removedAt, revokedAt, publicJwk }: Tombstone): string {
  const members = { kid, alg: algorithm, removed_at: removedAt, revoked_at: revokedAt, public_jwk: publicJwk }
  return `${JSON.stringify(members, null, 2)}\n`
}

/** @throws {KeyStoreError} when the text is no tombstone. */
export function readTombstoneDocument(text: string, place: string): Tombstone {
  try {
    const { kid, alg, removed_at, revoked_at, public_jwk } = tombstoneDocument.parse(JSON.parse(text))
    return {
      kid,
      algorithm: alg,
      removedAt: removed_at,
      ...(revoked_at !== undefined && { revokedAt: revoked_at }),
      ...(public_jwk && { publicJwk: public_jwk }),
    }
  } catch {
    throw new KeyStoreError(`${place} is not a readable record of a removed key. ${FIX}`)
  }
}

const FIX = 'Restore it from a backup of KEYS_URL.'

function parse(text: string, place: string): KeyDocument {
  try {
    return keyDocument.parse(JSON.parse(text))
  } catch {
    throw new KeyStoreError(`${place} is not a readable signing key. ${FIX}`)
  }
}

async function thumbprint(publicJwk: KeyRecord['publicJwk'], place: string): Promise<string> {
  try {
    return await calculateJwkThumbprint(publicJwk)
  } catch {
    throw new KeyStoreError(`${place} lacks a part of its public key. ${FIX}`)
  }
}

function materialOf(
  document: KeyDocument,
  publicJwk: KeyRecord['publicJwk'],
  place: string,
  protector: Protector,
): KeyMaterial {
  if (document.external !== undefined) return { kind: 'external', reference: document.external }
  const members = document.sealed
    ? (JSON.parse(protector.open(document.kid, document.sealed)) as JsonWebKey) // what was sealed is a JWK
    : privateMembers(document)
  if (!('d' in members)) throw new KeyStoreError(`${place} lacks its private key. ${FIX}`)
  return { kind: 'local', privateJwk: { ...publicJwk, ...members } }
}
