import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import type { AuditEntry } from '../../src/audit/chain.ts'

export type Call = { readonly headers: NodeJS.Dict<string | string[]>; readonly body: string }

export type AuditReceiver = {
  readonly url: string
  readonly calls: readonly Call[]
  /** Entries of calls that were answered with success, in the order in which they came. */
  readonly taken: readonly AuditEntry[]
  /** What it answers from now on; calls are counted from 0. */
  answerWith(answer: (call: number) => number): void
  close(): void
}

/** What stands at AUDIT_WEBHOOK_URL. */
export async function openReceiver(): Promise<AuditReceiver> {
  const { bodies, ...receiver } = await openWebhookReceiver()
  return {
    ...receiver,
    get taken() {
      return bodies.flatMap((body) => (JSON.parse(body) as { entries: AuditEntry[] }).entries)
    },
  }
}

/** What stands at the address of any webhook; `bodies` are those of calls that were answered with success. */
export async function openWebhookReceiver(): Promise<Omit<AuditReceiver, 'taken'> & { readonly bodies: string[] }> {
  const calls: Call[] = []
  const bodies: string[] = []
  let answer = (_call: number) => 204
  const server = createServer(async (request, response) => {
    const body = await text(request)
    const status = answer(calls.length)
    calls.push({ headers: request.headers, body })
    if (status < 300) bodies.push(body)
    response.writeHead(status).end()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`,
    calls,
    bodies,
    answerWith(next) {
      answer = next
    },
    close() {
      server.closeAllConnections()
      server.close()
    },
  }
}
