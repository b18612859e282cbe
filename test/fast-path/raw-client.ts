import { connect, type Socket } from 'node:net'

/** An answer as it came over the wire. */
export type RawAnswer = {
  readonly status: string
  /** Names as they were written, in their order. */
  readonly headers: readonly (readonly [string, string])[]
  readonly body: string
}

const END = '\r\n\r\n'

/** Sends requests byte for byte over one connection, and reads their answers; another one once the server closed it. */
export function createRawClient(port: number) {
  let socket: Socket | undefined
  let received = ''
  let hasNoBody = false
  let settle: ((answer: RawAnswer | undefined) => void) | undefined

  function open(): Socket {
    const opened = connect(port, '127.0.0.1')
    received = ''
    opened.on('data', (bytes) => {
      received += bytes.toString('latin1')
      const answer = readAnswer(received, hasNoBody)
      if (!answer) return
      received = ''
      settle?.(answer)
    })
    opened.on('error', () => {})
    opened.on('close', () => {
      if (socket !== opened) return
      socket = undefined
      settle?.(undefined)
    })
    return opened
  }

  return {
    /** @throws when the server closes the connection without an answer. */
    async send(request: string, { isHead = false } = {}): Promise<RawAnswer> {
      socket ??= open()
      hasNoBody = isHead
      const used = socket
      const answer = await new Promise<RawAnswer | undefined>((resolve) => {
        settle = resolve
        used.write(Buffer.from(request, 'latin1'))
      })
      settle = undefined
      if (!answer) throw new Error(`no answer to ${request.slice(0, 200)}`)
      const mustClose =
        isHead || answer.headers.some(([name, value]) => /^connection$/i.test(name) && value === 'close')
      if (mustClose) used.destroy()
      if (mustClose) socket = undefined
      return answer
    },
    close: () => socket?.destroy(),
  }
}

/** Undefined while a part is missing. What a HEAD is answered with has no body, whatever its length says. */
function readAnswer(text: string, hasNoBody: boolean): RawAnswer | undefined {
  const end = text.indexOf(END)
  if (end < 0) return undefined
  const [status = '', ...lines] = text.slice(0, end).split('\r\n')
  if (status.startsWith('HTTP/1.1 100')) return readAnswer(text.slice(end + END.length), hasNoBody)
  const headers = lines.map((line) => {
    const at = line.indexOf(':')
    return [line.slice(0, at), line.slice(at + 1).trim()] as const
  })
  const value = (name: string) => headers.find(([each]) => each.toLowerCase() === name)?.[1]
  const body = text.slice(end + END.length)
  if (value('transfer-encoding') === 'chunked')
    return body.endsWith('0\r\n\r\n') ? { status, headers, body } : undefined
  const length = hasNoBody ? 0 : Number(value('content-length') ?? 0)
  return body.length >= length ? { status, headers, body: body.slice(0, length) } : undefined
}
