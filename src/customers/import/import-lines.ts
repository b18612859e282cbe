/** A line of a file, numbered from 1; `text` is missing when the line is too long to be a customer. */
export type ImportLine = {
  readonly number: number
  readonly text?: string
  /** Where the line ends in the file, so that progress can be told. */
  readonly endsAtByte: number
}

const NEWLINE = 10
const MAX_LINE_BYTES = 4 * 1024 * 1024

/** Cuts a stream into lines, holding no more than one of them and the chunk it came in. Blank lines are left out. */
export async function* importLines(source: AsyncIterable<Buffer | string>): AsyncGenerator<ImportLine> {
  let number = 0
  let read = 0
  let parts: Buffer[] = []
  let held = 0

  const take = (end: Buffer, endsAtByte: number): ImportLine | undefined => {
    number++
    const isTooLong = held + end.length > MAX_LINE_BYTES
    const text = isTooLong
      ? undefined
      : Buffer.concat([...parts, end])
          .toString('utf8')
          .replace(/^\uFEFF/, '')
          .trim()
    parts = []
    held = 0
    return text === '' ? undefined : { number, endsAtByte, ...(text !== undefined && { text }) }
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
