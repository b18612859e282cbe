import type { ShownMessage, ShownReceiver } from '../../outbox/shown-rows.ts'
import type { ActionRequest } from '../command/action.ts'
import { AdminError } from '../command/admin-client.ts'
import { duration, printJson, printTable } from '../command/print.ts'
import { subcommands } from '../command/subcommands.ts'

const only = { id: 'one message; all of the receiver without it' }

/** What waits to be sent to others. */
export const outbox = subcommands({
  name: 'outbox',
  summary: 'see what waits to be sent to others, send it again, pause receivers',
  note: 'KIND and RECEIVER are as "outbox list" shows them.',
  actions: {
    list: {
      does: 'list receivers with how much waits for each',
      example: 'list',
      async run({ admin, isJson }) {
        const listed = await admin.list<ShownReceiver>('/v1/outbox?')
        if (isJson) return printJson({ receivers: listed })
        if (listed.length === 0) return console.log('no receiver')
        const rows = listed.map(({ kind, receiver, state, waiting, dead, oldestAt, lastFailure }) => [
          kind,
          receiver,
          state,
          String(waiting),
          String(dead),
          oldestAt === undefined ? '' : duration(Math.max(0, Date.now() / 1000 - oldestAt)),
          lastFailure ?? '',
        ])
        printTable(['KIND', 'RECEIVER', 'STATE', 'WAITING', 'DEAD', 'OLDEST', 'LAST FAILURE'], rows)
      },
    },
    messages: {
      does: 'list messages that wait or were given up, the oldest first',
      options: { kind: 'only of this kind', receiver: 'only of this receiver', state: 'waiting, or dead' },
      example: 'messages --state dead',
      async run({ admin, values: { kind, receiver, state }, isJson }) {
        if (state !== undefined && !['waiting', 'dead'].includes(state))
          throw new AdminError('--state is waiting or dead.')
        const given = Object.entries({ kind, receiver, state, limit: '1000' }).flatMap(
          ([name, value]): [string, string][] => (value === undefined ? [] : [[name, value]]),
        )
        const listed = await admin.list<ShownMessage>(`/v1/outbox/messages?${new URLSearchParams(given)}`)
        if (isJson) return printJson({ messages: listed })
        if (listed.length === 0) return console.log('no message')
        const rows = listed.map((message) => [
          message.id,
          message.kind,
          message.receiver,
          message.state,
          String(message.attempts),
          new Date(message.createdAt * 1000).toISOString(),
          message.lastFailure ?? '',
        ])
        printTable(['ID', 'KIND', 'RECEIVER', 'STATE', 'ATTEMPTS', 'SINCE', 'LAST FAILURE'], rows)
      },
    },
    retry: {
      takes: 'KIND RECEIVER',
      does: 'send now what waits for its next attempt or was given up',
      options: only,
      example: 'retry back-channel-logout shop-app',
      run: (request) => change(request, 'retry', 'to be sent now'),
    },
    drop: {
      takes: 'KIND RECEIVER',
      does: 'delete what was given up, or one message, for good',
      options: only,
      example: 'drop back-channel-logout shop-app',
      run: (request) => change(request, 'drop', 'deleted'),
    },
    pause: {
      takes: 'KIND RECEIVER',
      does: 'hold everything for a receiver',
      example: 'pause audit-webhook AUDIT_WEBHOOK_URL',
      run: (request) => change(request, 'pause', 'paused'),
    },
    resume: {
      takes: 'KIND RECEIVER',
      does: 'let a paused receiver go on',
      example: 'resume audit-webhook AUDIT_WEBHOOK_URL',
      run: (request) => change(request, 'resume', 'goes on'),
    },
  },
})

async function change(
  { admin, subjects: [kind = '', receiver = ''], values: { id }, isJson }: ActionRequest,
  act: string,
  done: string,
): Promise<void> {
  const body = { kind, receiver, ...(id !== undefined && { id }) }
  const answer = await admin.call<{ count?: number }>('POST', `/v1/outbox/${act}`, body)
  if (isJson) printJson(answer)
  else console.log(answer.count === undefined ? `${kind} ${receiver}: ${done}` : `${done}: ${answer.count}`)
}
