import { hash } from 'node:crypto'

/** Remembers on which line each text was first. */
export type DigestLines = {
  /** The line of `text`, if there is one. */
  find(text: string): number | undefined
  /** Remembers the line of a text that is not remembered yet. */
  add(text: string, line: number): void
}

/** Three words of a digest, one of the line; a line of 0 is a free place. */
const WORDS = 4
const MAX_LOAD = 0.75

/**
 * Keeps 96 bits of a SHA-256 of each text, in one array of numbers: 16 bytes a place, so 20 to 45 bytes a text, where a
 * `Map` of strings takes well over a hundred. Two texts with the same 96 bits are not to be expected among any number
 * of customers.
 */
export function createDigestLines(places = 4096): DigestLines {
  let table = new Uint32Array(places * WORDS)
  let count = 0

  /** Where the digest is, or the free place where it belongs. */
  function placeOf(digest: Uint32Array): number {
    const first = digest[0] ?? 0
    const second = digest[1]
    const third = digest[2]
    for (let at = (first * WORDS) % table.length; ; at = (at + WORDS) % table.length) {
      if (table[at + 3] === 0) return at
      if (table[at] === first && table[at + 1] === second && table[at + 2] === third) return at
    }
  }

  function put(digest: Uint32Array, line: number): void {
    const at = placeOf(digest)
    table.set(digest, at)
    table[at + 3] = line
  }

  function grow(): void {
    const full = table
    table = new Uint32Array(full.length * 2)
    for (let at = 0; at < full.length; at += WORDS) {
      if (full[at + 3] !== 0) put(full.subarray(at, at + 3), full[at + 3] ?? 0)
    }
  }

  return {
    find: (text) => table[placeOf(digestOf(text)) + 3] || undefined,
    add(text, line) {
      if ((count + 1) * WORDS > table.length * MAX_LOAD) grow()
      put(digestOf(text), line)
      count++
    },
  }
}

function digestOf(text: string): Uint32Array {
  const digest = hash('sha256', text, 'buffer')
  return Uint32Array.of(digest.readUInt32LE(0), digest.readUInt32LE(4), digest.readUInt32LE(8))
}
