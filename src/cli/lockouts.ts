import type { ShownLock } from '../credentials/lockout/lockout-operations.ts'
import type { ActionRequest } from './command/action.ts'
import { AdminError } from './command/admin-client.ts'
import { duration, printJson, printTable } from './command/print.ts'
import { subcommands } from './command/subcommands.ts'

const options = {
  login: 'an e-mail address',
  realm: 'whose login it is: customer (unless given), agent or administrator',
  address: 'an IP address, in place of a login',
}

/** Locks after too many failures. */
export const lockouts = subcommands({
  name: 'lockouts',
  summary: 'see who is locked out, and let them in',
  actions: {
    list: {
      does: 'what keeps a login, or an address, out now',
      options,
      example: 'list --login sonia@spryker.com',
      async run(request) {
        const query = new URLSearchParams(whom(request) as Record<string, string>) // its members are texts
        const locks = await request.admin.list<ShownLock>(`/v1/lockouts?${query}`)
        if (request.isJson) return printJson({ lockouts: locks })
        if (locks.length === 0) return console.log('nothing keeps it out')
        const rows = locks.map(({ of, network, until }) => [
          of,
          network ?? 'everywhere',
          duration(Math.max(0, until - Date.now() / 1000)),
        ])
        printTable(['LOCKED', 'FROM', 'FOR ANOTHER'], rows)
      },
    },
    lift: {
      does: 'let a login, or an address, in again',
      options,
      example: 'lift --login sonia@spryker.com',
      async run(request) {
        await request.admin.call('POST', '/v1/lockouts/lift', whom(request))
        if (request.isJson) printJson({ lifted: true })
        else console.log('lifted')
      },
    },
  },
})

function whom({ values: { login, realm, address } }: ActionRequest): object {
  if (!login && !address) throw new AdminError('Whose? Name a login, or an address: --login EMAIL, --address IP.')
  return { ...(login && { login }), ...(realm && { realm }), ...(address && { address }) }
}
