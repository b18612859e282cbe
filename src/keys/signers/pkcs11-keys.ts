import { createHash } from 'node:crypto'
import type { PublicJwk } from '../key-record.ts'
import type { SigningAlgorithm } from '../signing-key.ts'
import type { Attribute, Handle, Mechanism, Pkcs11 } from './pkcs11-module.ts'

/** Numbers from PKCS#11 v3.0; the names are the standard's. */
const CKA = {
  CLASS: 0,
  TOKEN: 1,
  PRIVATE: 2,
  LABEL: 3,
  ID: 0x102,
  SENSITIVE: 0x103,
  SIGN: 0x108,
  VERIFY: 0x10a,
} as const
const CKA_MODULUS = 0x120
const CKA_MODULUS_BITS = 0x121
const CKA_PUBLIC_EXPONENT = 0x122
const CKA_EXTRACTABLE = 0x162
const CKA_EC_PARAMS = 0x180
const CKA_EC_POINT = 0x181
const CKM_SHA256 = 0x250
const CKG_MGF1_SHA256 = 2
const CK_PARAMS_RSA_PSS = 5

const P256 = Buffer.from('06082a8648ce3d030107', 'hex')
const ED25519 = Buffer.from('130c656477617264733235353139', 'hex')
const LARGEST_SIGNATURE = 512

type Recipe = { readonly generate: number; readonly template: readonly Attribute[]; readonly sign: Mechanism }

const rsaTemplate: readonly Attribute[] = [
  { type: CKA_MODULUS_BITS, value: 2048 },
  { type: CKA_PUBLIC_EXPONENT, value: Buffer.from([1, 0, 1]) },
]
const pss = { type: CK_PARAMS_RSA_PSS, hashAlg: CKM_SHA256, mgf: CKG_MGF1_SHA256, saltLen: 32 }

const RECIPES: Readonly<Record<SigningAlgorithm, Recipe>> = {
  ES256: { generate: 0x1040, template: [{ type: CKA_EC_PARAMS, value: P256 }], sign: { mechanism: 0x1041 } },
  EdDSA: { generate: 0x1055, template: [{ type: CKA_EC_PARAMS, value: ED25519 }], sign: { mechanism: 0x1057 } },
  RS256: { generate: 0, template: rsaTemplate, sign: { mechanism: 0x40 } },
  PS256: { generate: 0, template: rsaTemplate, sign: { mechanism: 0x43, parameter: pss } },
}

/** Makes a key pair whose private half never leaves the token; returns the public half. */
export function generateOnToken(pkcs11: Pkcs11, session: Handle, algorithm: SigningAlgorithm, id: Buffer): PublicJwk {
  const { generate, template } = RECIPES[algorithm]
  const common = [
    { type: CKA.TOKEN, value: true },
    { type: CKA.ID, value: id },
    { type: CKA.LABEL, value: `vestibule ${algorithm}` },
  ]
  const { publicKey } = pkcs11.C_GenerateKeyPair(
    session,
    { mechanism: generate },
    [...common, { type: CKA.VERIFY, value: true }, ...template],
    [
      ...common,
      { type: CKA.SIGN, value: true },
      { type: CKA.PRIVATE, value: true },
      { type: CKA.SENSITIVE, value: true },
      { type: CKA_EXTRACTABLE, value: false },
    ],
  )
  return readPublicKey(pkcs11, session, algorithm, publicKey)
}

/** The signature as JWS wants it. The token gives ECDSA in the IEEE P1363 form already; it signs a digest there. */
export function signOnToken(
  pkcs11: Pkcs11,
  { session, key, algorithm }: { session: Handle; key: Handle; algorithm: SigningAlgorithm },
  signingInput: Uint8Array,
): Uint8Array {
  const input = algorithm === 'ES256' ? createHash('sha256').update(signingInput).digest() : Buffer.from(signingInput)
  pkcs11.C_SignInit(session, RECIPES[algorithm].sign, key)
  return pkcs11.C_Sign(session, input, Buffer.alloc(LARGEST_SIGNATURE))
}

/** Finds the halves of a key pair by its id, the private one first. */
export function findOnToken(pkcs11: Pkcs11, session: Handle, id: Buffer): { private?: Handle; public?: Handle } {
  const find = (objectClass: number): Handle | undefined => {
    pkcs11.C_FindObjectsInit(session, [
      { type: CKA.CLASS, value: objectClass },
      { type: CKA.ID, value: id },
    ])
    try {
      return pkcs11.C_FindObjects(session, 1)[0]
    } finally {
      pkcs11.C_FindObjectsFinal(session)
    }
  }
  const [privateHalf, publicHalf] = [find(3), find(2)]
  return { ...(privateHalf && { private: privateHalf }), ...(publicHalf && { public: publicHalf }) }
}

function readPublicKey(pkcs11: Pkcs11, session: Handle, algorithm: SigningAlgorithm, key: Handle): PublicJwk {
  const read = (type: number): Buffer =>
    pkcs11.C_GetAttributeValue(session, key, [{ type }])[0]?.value ?? Buffer.alloc(0)
  if (algorithm === 'RS256' || algorithm === 'PS256') {
    const [n, e] = [withoutLeadingZero(read(CKA_MODULUS)), read(CKA_PUBLIC_EXPONENT)]
    return { e: e.toString('base64url'), kty: 'RSA', n: n.toString('base64url') }
  }
  // A DER octet string around the point: 04 len … ; an uncompressed EC point begins with another 04.
  const point = read(CKA_EC_POINT).subarray(2)
  if (algorithm === 'EdDSA') return { crv: 'Ed25519', kty: 'OKP', x: point.toString('base64url') }
  const [x, y] = [point.subarray(1, 33), point.subarray(33, 65)]
  return { crv: 'P-256', kty: 'EC', x: x.toString('base64url'), y: y.toString('base64url') }
}

function withoutLeadingZero(bytes: Buffer): Buffer {
  return bytes[0] === 0 ? bytes.subarray(1) : bytes
}
