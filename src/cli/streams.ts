import type { ShownRefusal, ShownStream } from '../admin/routes/stream-routes.ts'
import { plain } from '../plain-text.ts'
import type { Action } from './command/action.ts'
import { printJson, printTable } from './command/print.ts'
import { subcommands } from './command/subcommands.ts'

/** Receivers of Shared Signals. */
export const streams = subcommands({
  name: 'streams',
  summary: 'see who receives Shared Signals, pause it and remove it',
  note: 'Receivers make their streams themselves, with a token of the scope ssf.manage: docs/how-to/shared-signals.md.',
  actions: {
    list: {
      does: 'list the streams and how delivery stands',
      example: 'list',
      async run({ admin, isJson }) {
        const listed = await admin.list<ShownStream>('/v1/streams?limit=1000')
        if (isJson) return printJson({ streams: listed })
        if (listed.length === 0) return console.log('no streams')
        const rows = listed.map((each) => [
          each.id,
          each.clientId,
          each.status,
          each.method,
          String(each.waiting),
          String(each.undelivered),
          each.lastFailure ?? '',
        ])
        printTable(['ID', 'CLIENT', 'STATUS', 'DELIVERY', 'WAITING', 'UNDELIVERED', 'LAST FAILURE'], rows)
      },
    },
    show: {
      takes: 'ID',
      does: 'show a stream, and what its receiver could not take',
      example: 'show 2f1b7c1e-6f0e-4d53-9d8c-0f6f2f3f9a10',
      async run({ admin, subjects: [id = ''], isJson }) {
        const stream = await admin.call<ShownStream>('GET', pathOf(id))
        const { items: refusals } = await admin.call<{ items: ShownRefusal[] }>('GET', `${pathOf(id)}/refusals`)
        if (isJson) return printJson({ ...stream, refusals })
        for (const [name, value] of Object.entries(stream)) console.log(plain(`${name}: ${[value].flat().join(', ')}`))
        const rows = refusals.map(({ at, event, err, description = '' }) => [
          new Date(at * 1000).toISOString(),
          event,
          err,
          description,
        ])
        if (rows.length > 0) printTable(['AT', 'EVENT', 'ERROR', 'DESCRIPTION'], rows)
      },
    },
    pause: statusAction(
      'pause',
      'paused',
      'pause a stream: what happens is kept for its receiver, who is told of the pause before',
    ),
    disable: statusAction(
      'disable',
      'disabled',
      'disable a stream: nothing is kept for its receiver, who is told before',
    ),
    enable: statusAction('enable', 'enabled', 'enable a stream: what was kept is delivered'),
    remove: {
      takes: 'ID',
      does: 'remove a stream with everything that waits for its receiver',
      example: 'remove 2f1b7c1e-6f0e-4d53-9d8c-0f6f2f3f9a10',
      async run({ admin, subjects: [id = ''], isJson }) {
        await admin.call('DELETE', pathOf(id))
        if (isJson) printJson({ removed: id })
        else console.log(`stream ${id} is removed`)
      },
    },
  },
})

function statusAction(verb: string, status: ShownStream['status'], does: string): Action {
  return {
    takes: 'ID',
    does,
    options: { reason: 'why; the receiver is told' },
    example: `${verb} 2f1b7c1e-6f0e-4d53-9d8c-0f6f2f3f9a10`,
    async run({ admin, subjects: [id = ''], values: { reason }, isJson }) {
      const body = { status, ...(reason !== undefined && { reason }) }
      const stream = await admin.call<ShownStream>('POST', `${pathOf(id)}/status`, body)
      if (isJson) printJson(stream)
      else console.log(`stream ${stream.id} of ${stream.clientId} is ${stream.status}`)
    },
  }
}

function pathOf(id: string): string {
  return `/v1/streams/${encodeURIComponent(id)}`
}
