import { createHash, randomBytes, randomUUID } from 'node:crypto'

const ALPHABET = 'abcdefghijklmnopqrstuvwxyz234567'
const LENGTH = 26
const UUID = /^[\da-f]{8}-([\da-f]{4}-){3}[\da-f]{12}$/i
/** What clients choose for a session of theirs: never a separator of the token's own texts. */
const SESSION_ID = /^[\w-]{1,64}$/

/** A new id of a visitor. */
export function newVisitorId(): string {
  return encode(randomBytes(16))
}

/** The id of a customer, as the shop's services have it: of 26 characters. */
export function customerIdOf({ id, customerReference }: { readonly id: string; readonly customerReference: string }) {
  return /^[a-z\d]{26}$/i.test(customerReference) ? customerReference : encode(bytesOf(id))
}

/** The id under which a customer was known before they signed in; it is their own, and always the same. */
export function visitorIdOf({ id }: { readonly id: string }): string {
  return encode(digest(`visitor ${id}`))
}

/** A name for a session that has none: always the same for one customer. */
export function sessionIdOf({ id }: { readonly id: string }): string {
  const hex = digest(`session ${id}`).toString('hex')
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20, 32)].join('-')
}

export function newSessionId(): string {
  return randomUUID()
}

export function isSessionId(text: string): boolean {
  return SESSION_ID.test(text)
}

/** A UUID's own bytes, so that the id can be told from it; else a digest of what it is. */
function bytesOf(id: string): Buffer {
  return UUID.test(id) ? Buffer.from(id.replaceAll('-', ''), 'hex') : digest(id)
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest().subarray(0, 16)
}

/** Five bits a character, as RFC 4648 §6 does; 128 bits make 26. */
function encode(bytes: Buffer): string {
  const bits = [...bytes].map((byte) => byte.toString(2).padStart(8, '0')).join('')
  return Array.from({ length: LENGTH }, (_, place) => {
    const five = bits.slice(place * 5, place * 5 + 5).padEnd(5, '0')
    return ALPHABET[Number.parseInt(five, 2)]
  }).join('')
}
