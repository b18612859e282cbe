import { generateKeyPairSync, sign, verify } from 'node:crypto'
import { expect, test } from 'vitest'
import { inTwoHalves } from '../../src/keys/signers/ecdsa-signature.ts'

const SIGNATURES = 2000

/** An integer of the digits given, as DER writes it. */
const integer = (digits: readonly number[]) => [0x02, digits.length, ...digits]
const sequence = (...integers: readonly number[][]) => {
  const content = integers.flat()
  return Uint8Array.from([0x30, content.length, ...content])
}
const full = (first: number) => [first, ...Array.from({ length: 31 }, (_, index) => index)]
const half = (digits: readonly number[]) => [...Array.from({ length: 32 - digits.length }, () => 0), ...digits]

test.each([
  { what: 'two full halves', r: full(0x7f), s: full(0x01) },
  { what: 'halves that would be negative', r: full(0x80), s: full(0xff) },
  { what: 'a half of one digit', r: [0x01], s: full(0x80) },
  { what: 'halves of one digit that would be negative', r: [0xff], s: [0x80] },
  { what: 'a half that is a digit short', r: full(0x80), s: full(0x80).slice(1).with(0, 0x90) },
])('an ES256 signature has both integers in full: $what', ({ r, s }) => {
  const asInteger = (digits: readonly number[]) => integer(Number(digits[0]) < 0x80 ? digits : [0, ...digits])
  expect([...inTwoHalves(sequence(asInteger(r), asInteger(s)))]).toEqual([...half(r), ...half(s)])
})

test('every ES256 signature is good in the form of JWTs', () => {
  const { privateKey, publicKey: key } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  for (let count = 0; count < SIGNATURES; count++) {
    const text = Buffer.from(`text ${count}`)
    const signature = inTwoHalves(sign('sha256', text, privateKey))
    expect(verify('sha256', text, { key, dsaEncoding: 'ieee-p1363' }, signature)).toBe(true)
  }
})
