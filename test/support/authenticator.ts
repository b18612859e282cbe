import { createHash, generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto'

/** A passkey in the authenticator's hands. */
export type KeptPasskey = {
  readonly id: Buffer
  readonly key: KeyObject
  readonly publicKey: Buffer
  readonly rpId: string
  userHandle: string
  signCount: number
}

/** What a page asks for: as much of the JSON as an authenticator reads. */
type CreationOptions = {
  readonly rp: { readonly id: string }
  readonly user: { readonly id: string }
  readonly challenge: string
}
type RequestOptions = { readonly rpId: string; readonly challenge: string }

/** How an answer differs from what an honest browser and authenticator give. */
export type Bent = {
  readonly origin?: string
  readonly type?: string
  readonly crossOrigin?: boolean
  readonly topOrigin?: string
  readonly challenge?: string
  readonly rpId?: string
  readonly userHandle?: string | null
  readonly isUserVerified?: boolean
  readonly isUserPresent?: boolean
  readonly isBackupEligible?: boolean
  readonly isBackedUp?: boolean
  readonly signCount?: number
  readonly hasBogusSignature?: boolean
  /** Of a new credential. */
  readonly id?: Buffer
}

const FLAGS = { present: 1, verified: 4, eligible: 8, backedUp: 16, attested: 64 }

/** An authenticator with the browser around it, in software: ES256, attestation `none`, passkeys that are synced. */
export function createAuthenticator(origin: string) {
  function clientDataJSON(type: string, challenge: string, bent: Bent): string {
    const { crossOrigin = false, topOrigin } = bent
    const client = { type: bent.type ?? type, challenge: bent.challenge ?? challenge, origin: bent.origin ?? origin }
    return encode(JSON.stringify({ ...client, crossOrigin, ...(topOrigin && { topOrigin }) }))
  }

  return {
    /** Makes a passkey, as `navigator.credentials.create` does. */
    create({ rp, user, challenge }: CreationOptions, bent: Bent = {}): { passkey: KeptPasskey; json: string } {
      const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
      const jwk = publicKey.export({ format: 'jwk' })
      const [x, y] = [jwk.x, jwk.y].map((part) => Buffer.from(part ?? '', 'base64url')) as [Buffer, Buffer]
      const cose = Buffer.concat([bytes('a5010203262001215820'), x, bytes('225820'), y])
      const id = bent.id ?? randomBytes(32)
      const passkey = { id, key: privateKey, publicKey: cose, rpId: rp.id, userHandle: user.id, signCount: 0 }
      const attested = Buffer.concat([Buffer.alloc(16), uint(id.length, 2), id, cose])
      const data = authenticatorData(bent.rpId ?? rp.id, { ...bent, isAttested: true }, bent.signCount ?? 0)
      const authData = Buffer.concat([data, attested])
      const attestationObject = Buffer.concat([
        bytes('a363666d74646e6f6e656761747453746d74a068617574684461746159'),
        uint(authData.length, 2),
        authData,
      ])
      const response = {
        clientDataJSON: clientDataJSON('webauthn.create', challenge, bent),
        attestationObject: encode(attestationObject),
        transports: ['internal', 'hybrid'],
      }
      return { passkey, json: JSON.stringify(credential(id, response)) }
    },

    /** Proves that it has the passkey, as `navigator.credentials.get` does. */
    get(passkey: KeptPasskey, { rpId, challenge }: RequestOptions, bent: Bent = {}): string {
      const data = authenticatorData(bent.rpId ?? rpId, bent, bent.signCount ?? passkey.signCount)
      const client = clientDataJSON('webauthn.get', challenge, bent)
      const signed = Buffer.concat([data, createHash('sha256').update(Buffer.from(client, 'base64url')).digest()])
      const signature = sign('sha256', bent.hasBogusSignature ? Buffer.concat([signed, signed]) : signed, passkey.key)
      const userHandle = bent.userHandle === null ? undefined : (bent.userHandle ?? passkey.userHandle)
      const response = {
        clientDataJSON: client,
        authenticatorData: encode(data),
        signature: encode(signature),
        userHandle,
      }
      return JSON.stringify(credential(passkey.id, response))
    },
  }
}

function credential(id: Buffer, response: object) {
  return { id: encode(id), rawId: encode(id), type: 'public-key', response, clientExtensionResults: {} }
}

function authenticatorData(rpId: string, bent: Bent & { readonly isAttested?: boolean }, signCount: number): Buffer {
  const { isUserPresent = true, isUserVerified = true, isBackupEligible = true, isAttested = false } = bent
  const { isBackedUp = isBackupEligible } = bent
  const flags =
    (isUserPresent ? FLAGS.present : 0) |
    (isUserVerified ? FLAGS.verified : 0) |
    (isBackupEligible ? FLAGS.eligible : 0) |
    (isBackedUp ? FLAGS.backedUp : 0) |
    (isAttested ? FLAGS.attested : 0)
  return Buffer.concat([createHash('sha256').update(rpId).digest(), uint(flags, 1), uint(signCount, 4)])
}

function bytes(hex: string): Buffer {
  return Buffer.from(hex, 'hex')
}

function uint(value: number, length: number): Buffer {
  const buffer = Buffer.alloc(length)
  buffer.writeUIntBE(value, 0, length)
  return buffer
}

function encode(value: Buffer | string): string {
  return Buffer.from(value).toString('base64url')
}
