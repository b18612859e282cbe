import { encode } from 'uqr'

/** A QR code for a page: a square of so many units, and the path (SVG) of what is dark in it. */
export type QrCode = { readonly size: number; readonly path: string }

/** Units of light around the code, which a camera needs (ISO/IEC 18004 §9.1). */
const QUIET_ZONE = 4

/** The address of a secret as a picture that an authenticator app reads. */
export function qrCode(text: string): QrCode {
  const { data, size } = encode(text, { ecc: 'M', border: QUIET_ZONE })
  return { size, path: data.flatMap(bars).join('') }
}

/** What is dark in a row, each run in one piece. */
function bars(row: readonly boolean[], y: number): string[] {
  const units = row.map((isDark) => (isDark ? '#' : ' ')).join('')
  return [...units.matchAll(/#+/g)].map(({ index, 0: { length } }) => `M${index} ${y}h${length}v1h-${length}z`)
}
