import { readFileSync } from 'node:fs'
import { makeAsset } from '../../http/assets.ts'
import type { Logo } from './brand.ts'

/** So that no page has more than 50 KiB with it. */
export const LOGO_LIMIT_KIB = 20
/** A logo is no higher on a page, and no wider than a small phone. */
const BOX = { width: 240, height: 48 }

type Size = { readonly width: number; readonly height: number }
type Format = { readonly ending: string; readonly type: string; readonly sizeOf: (content: Buffer) => Size | undefined }

const FORMATS: readonly Format[] = [
  { ending: 'svg', type: 'image/svg+xml', sizeOf: sizeOfSvg },
  { ending: 'png', type: 'image/png', sizeOf: sizeOfPng },
  { ending: 'jpg', type: 'image/jpeg', sizeOf: sizeOfJpeg },
  { ending: 'webp', type: 'image/webp', sizeOf: sizeOfWebp },
]

/**
 * Reads a logo; what it is, its content says.
 *
 * @throws an Error for the operator when it cannot be used.
 */
export function readLogo(path: string): Logo {
  const content = readFileSync(path)
  if (content.length > LOGO_LIMIT_KIB * 1024)
    throw new Error(`${path} has ${Math.ceil(content.length / 1024)} KiB; a logo may have ${LOGO_LIMIT_KIB}`)
  for (const { ending, type, sizeOf } of FORMATS) {
    const size = sizeOf(content)
    if (size && size.width > 0 && size.height > 0) return { asset: makeAsset(content, type), ending, ...fitted(size) }
  }
  throw new Error(`${path} is no SVG, PNG, JPEG or WebP picture that tells its size`)
}

function fitted({ width, height }: Size): Size {
  const scale = Math.min(BOX.width / width, BOX.height / height)
  return { width: Math.round(width * scale), height: Math.round(height * scale) }
}

function sizeOfPng(content: Buffer): Size | undefined {
  if (content.length < 24 || content.toString('latin1', 0, 8) !== '\x89PNG\r\n\x1a\n') return undefined
  return { width: content.readUInt32BE(16), height: content.readUInt32BE(20) }
}

/** Follows the segments to the one that begins the picture (SOF). */
function sizeOfJpeg(content: Buffer): Size | undefined {
  if (content.length < 4 || content.readUInt16BE(0) !== 0xffd8) return undefined
  for (let at = 2; at + 9 < content.length; at += 2 + content.readUInt16BE(at + 2)) {
    const marker = content.readUInt16BE(at)
    const isStart = marker >= 0xffc0 && marker <= 0xffcf && ![0xffc4, 0xffc8, 0xffcc].includes(marker)
    if (isStart) return { width: content.readUInt16BE(at + 7), height: content.readUInt16BE(at + 5) }
  }
  return undefined
}

function sizeOfWebp(content: Buffer): Size | undefined {
  const at = (from: number, to: number) => content.toString('latin1', from, to)
  if (content.length < 30 || at(0, 4) !== 'RIFF' || at(8, 12) !== 'WEBP') return undefined
  const kind = at(12, 16)
  if (kind === 'VP8X') return { width: content.readUIntLE(24, 3) + 1, height: content.readUIntLE(27, 3) + 1 }
  if (kind === 'VP8 ') return { width: content.readUInt16LE(26) & 0x3fff, height: content.readUInt16LE(28) & 0x3fff }
  const bits = content.readUInt32LE(21)
  return kind === 'VP8L' ? { width: (bits & 0x3fff) + 1, height: ((bits >> 14) & 0x3fff) + 1 } : undefined
}

function sizeOfSvg(content: Buffer): Size | undefined {
  const tag = /<svg\b[^>]*>/i.exec(content.toString('utf8'))?.[0]
  if (tag === undefined) return undefined
  const length = (name: string) => Number(new RegExp(`\\s${name}=["']\\s*([\\d.]+)(?:px)?\\s*["']`).exec(tag)?.[1])
  const [width, height] = [length('width'), length('height')]
  if (width > 0 && height > 0) return { width, height }
  const [, , boxWidth, boxHeight] = (/\sviewBox=["']([^"']+)["']/.exec(tag)?.[1] ?? '').trim().split(/[\s,]+/)
  return { width: Number(boxWidth), height: Number(boxHeight) }
}
