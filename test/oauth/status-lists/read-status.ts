import { inflateSync } from 'node:zlib'

/** What a verifier reads at a place (Token Status List, section 8.3); undefined where the list has none: the token is refused. */
export function statusAt(
  { bits, lst }: { readonly bits: number; readonly lst: string },
  place: number,
): number | undefined {
  const bytes = inflateSync(Buffer.from(lst, 'base64url'))
  const byte = bytes[Math.floor((place * bits) / 8)]
  return byte === undefined || place < 0 ? undefined : (byte >> ((place * bits) % 8)) & (2 ** bits - 1)
}
