/** One answer; its body is valid until the reader is handed the next bytes. */
export type Answer = { readonly status: number; readonly body: Buffer; readonly keepsAlive: boolean }

const END_OF_HEAD = '\r\n\r\n'
const CONTENT_LENGTH = /\r\ncontent-length: *(\d+)/i
const CHUNKED = /\r\ntransfer-encoding: *chunked/i
const CLOSES = /\r\nconnection: *close/i

/**
 * Reads answers of HTTP/1.1 one by one, by Content-Length or chunks. It knows no more than servers here send, because
 * what it costs is taken from the core of the stores.
 */
export function createAnswerReader(onAnswer: (answer: Answer) => void): (bytes: Buffer) => void {
  let held: Buffer | undefined
  return (arrived) => {
    const bytes = held ? Buffer.concat([held, arrived]) : arrived
    const answer = parse(bytes)
    held = answer ? undefined : Buffer.from(bytes)
    if (answer) onAnswer(answer)
  }
}

/** Undefined until all of the answer is there. */
function parse(bytes: Buffer): Answer | undefined {
  const endOfHead = bytes.indexOf(END_OF_HEAD)
  if (endOfHead < 0) return undefined
  const head = bytes.toString('latin1', 0, endOfHead)
  const start = endOfHead + END_OF_HEAD.length
  const length = CONTENT_LENGTH.exec(head)?.[1]
  const body =
    length === undefined && CHUNKED.test(head) ? unchunked(bytes, start) : sliced(bytes, start, Number(length ?? 0))
  return body && { status: Number(head.slice(9, 12)), body, keepsAlive: !CLOSES.test(head) }
}

function sliced(bytes: Buffer, start: number, length: number): Buffer | undefined {
  return bytes.length < start + length ? undefined : bytes.subarray(start, start + length)
}

/** Undefined until the last chunk, of length 0, is there. */
function unchunked(bytes: Buffer, start: number): Buffer | undefined {
  const chunks: Buffer[] = []
  for (let at = start; ; ) {
    const endOfLine = bytes.indexOf('\r\n', at)
    if (endOfLine < 0) return undefined
    const length = Number.parseInt(bytes.toString('latin1', at, endOfLine), 16)
    const end = endOfLine + 2 + length
    if (bytes.length < end + 2) return undefined
    if (length === 0) return Buffer.concat(chunks)
    chunks.push(bytes.subarray(endOfLine + 2, end))
    at = end + 2
  }
}
