import { isUtf8 } from 'node:buffer'

/** A line of a file, numbered from 1; `flaw` says why there is no text. */
export type ImportLine = {
  readonly number: number
  readonly text?: string
  readonly flaw?: string
  /** Where the line ends in the file, so that progress can be told. */
  readonly endsAtByte: number
}

const NEWLINE = 10
const MAX_LINE_BYTES = 4 * 1024 * 1024
const TOO_LONG = 'is longer than a customer can be (4 MiB)'
const NOT_UTF8 = 'is not UTF-8; convert the file, for example by "iconv -f latin1 -t utf8"'

/** Cuts a stream into lines, holding no more than one of them and the chunk it came in. Blank lines are left out. */
export async function* importLines(source: AsyncIterable<Buffer | string>): AsyncGenerator<ImportLine> {
  let number = 0
  let read = 0
  let parts: Buffer[] = []
  let held = 0

  const take = (end: Buffer, endsAtByte: number): ImportLine | undefined => {
    number++
    const content = held + end.length > MAX_LINE_BYTES ? { flaw: TOO_LONG } : contentOf(Buffer.concat([...parts, end]))
    parts = []
    held = 0
    return content.text === '' ? undefined : { number, endsAtByte, ...content }
  }

  for await (const piece of source) {
    const chunk = typeof piece === 'string' ? Buffer.from(piece) : piece
    let start = 0
    for (let at = chunk.indexOf(NEWLINE); at >= 0; at = chunk.indexOf(NEWLINE, start)) {
      const line = take(chunk.subarray(start, at), read + at + 1)
      if (line) yield line
      start = at + 1
    }
    const tail = chunk.subarray(start)
    held += tail.length
    // What is too long is counted and dropped, so that a file without line ends does not fill memory.
    parts = held > MAX_LINE_BYTES ? [] : [...parts, tail]
    read += chunk.length
  }
  const last = held > 0 ? take(Buffer.alloc(0), read) : undefined
  if (last) yield last
}

/** A file in another encoding would be stored with replacement characters in its names. */
function contentOf(bytes: Buffer): { readonly text?: string; readonly flaw?: string } {
  return isUtf8(bytes)
    ? {
        text: bytes
          .toString('utf8')
          .replace(/^\uFEFF/, '')
          .trim(),
      }
    : { flaw: NOT_UTF8 }
}
