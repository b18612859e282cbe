import { createPublicKey } from 'node:crypto'
import { z } from 'zod'
import { isStorable } from '../../database/storable.ts'

const MOST_KEYS = 10
const SHORTEST_RSA_BITS = 2048
const LONGEST_RSA_BITS = 4096

const number = z.string().regex(/^[A-Za-z0-9_-]+$/)
const text = z.string().refine(isStorable)
const common = { kid: text.min(1).max(128).optional(), alg: text.max(20).optional() }
const rsa = z.object({
  kty: z.literal('RSA'),
  n: number.refine((text) => isLongEnough(text), `must have ${SHORTEST_RSA_BITS} to ${LONGEST_RSA_BITS} bits`),
  e: number.max(8),
  ...common,
})
const ec = z.object({ kty: z.literal('EC'), crv: z.literal('P-256'), x: number.max(64), y: number.max(64), ...common })
const okp = z.object({ kty: z.literal('OKP'), crv: z.literal('Ed25519'), x: number.max(64), ...common })
const key = z.discriminatedUnion('kty', [rsa, ec, okp])

const PRIVATE = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k', 'priv']

/** The keys of a document, without what we have no use for. A set with a private or secret key in it is refused whole. */
export const publicKeys = z.object({
  keys: z
    .array(z.looseObject({}))
    .min(1)
    .max(MOST_KEYS)
    .refine((keys) => keys.every((each) => PRIVATE.every((name) => !(name in each))), 'has a private key')
    .transform((keys) => keys.filter(({ use }) => use === undefined || use === 'sig'))
    .transform((keys) => keys.flatMap((each) => key.safeParse(each).data ?? []).filter(isKey))
    .refine((keys) => keys.length > 0, 'has no key that can be used here'),
})

/** Keys as they are checked: RSA, P-256 or Ed25519. */
export type PublicKeys = z.output<typeof publicKeys>

/** Whether it is one at all: a point can lie beside its curve. */
function isKey(jwk: z.output<typeof key>): boolean {
  try {
    createPublicKey({ key: jwk, format: 'jwk' })
    return true
  } catch {
    return false
  }
}

function isLongEnough(modulus: string): boolean {
  const bits = Buffer.from(modulus, 'base64url').length * 8
  return bits >= SHORTEST_RSA_BITS && bits <= LONGEST_RSA_BITS + 8
}
