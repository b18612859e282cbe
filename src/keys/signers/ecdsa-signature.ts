/** Bytes of each half of a signature on the curve P-256. */
const HALF = 32

/**
 * An ES256 signature as JWTs have it: both integers in full, one behind the other (RFC 7518 §3.4). `der` is what OpenSSL makes, a
 * sequence of them (RFC 3279 §2.2.3). Node would turn the one into the other as well, at half the price of the signature.
 */
export function inTwoHalves(der: Uint8Array): Uint8Array {
  const signature = new Uint8Array(2 * HALF)
  // Behind tag and length of the sequence, which is shorter than 128 bytes.
  let at = 2
  for (const end of [HALF, 2 * HALF]) {
    const from = at + 2
    at = from + Number(der[at + 1])
    // An integer has a zero before it where it would else be negative, and none that it can do without.
    const digits = der.subarray(Math.max(from, at - HALF), at)
    signature.set(digits, end - digits.length)
  }
  return signature
}
