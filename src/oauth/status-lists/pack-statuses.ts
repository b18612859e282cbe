import { promisify } from 'node:util'
import { constants, deflate } from 'node:zlib'

/** Bits for each status. */
export type StatusBits = 1 | 2 | 4 | 8

/** A list as a status list token has it (Token Status List, section 4.2). */
export type EncodedList = { readonly bits: StatusBits; readonly lst: string }

/** The statuses side by side, the first in the lowest bits of the first byte (section 4.1). `statuses` are place and value; the others are 0. */
export function packStatuses(
  statuses: Iterable<readonly [place: number, status: number]>,
  { bits, size }: { readonly bits: StatusBits; readonly size: number },
): Uint8Array {
  const bytes = new Uint8Array(Math.ceil((size * bits) / 8))
  for (const [place, status] of statuses) {
    const [at, shift] = [Math.floor((place * bits) / 8), (place * bits) % 8]
    if (place < size) bytes[at] = Number(bytes[at]) | (status << shift)
  }
  return bytes
}

/** In the ZLIB container at the highest level, apart from this thread. */
export async function encodeList(bytes: Uint8Array, bits: StatusBits): Promise<EncodedList> {
  const packed = await promisify(deflate)(bytes, { level: constants.Z_BEST_COMPRESSION })
  return { bits, lst: packed.toString('base64url') }
}
