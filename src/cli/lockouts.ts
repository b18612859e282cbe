import type { ShownLock } from '../credentials/lockout/lockout-operations.ts'
import type { ActionRequest } from './command/action.ts'
import { AdminError } from './command/admin-client.ts'
import { findCustomer } from './command/find-customer.ts'
import { duration, printJson, printTable } from './command/print.ts'
import { subcommands } from './command/subcommands.ts'

const options = {
  login: 'an e-mail address',
  realm: 'customer (the default), agent or administrator',
  address: 'an IP address, instead of a login',
  customer: 'a customer by id, reference or e-mail address, instead of a login',
}

/** Locks after too many failures. */
export const lockouts = subcommands({
  name: 'lockouts',
  summary: 'show lockouts, and remove them',
  actions: {
    list: {
      does: 'list the current lockouts of a login or an address',
      options,
      example: 'list --login sonia@spryker.com',
      async run(request) {
        const query = new URLSearchParams((await whom(request)) as Record<string, string>) // its members are texts
        const locks = await request.admin.list<ShownLock>(`/v1/lockouts?${query}`)
        if (request.isJson) return printJson({ lockouts: locks })
        if (locks.length === 0) return console.log('not locked')
        const rows = locks.map(({ of, network, until }) => [
          of,
          network ?? 'everywhere',
          duration(Math.max(0, until - Date.now() / 1000)),
        ])
        printTable(['LOCKED', 'FROM', 'FOR ANOTHER'], rows)
      },
    },
    lift: {
      does: 'remove the lockouts of a login or an address',
      options,
      example: 'lift --login sonia@spryker.com',
      async run(request) {
        await request.admin.call('POST', '/v1/lockouts/lift', await whom(request))
        if (request.isJson) printJson({ lifted: true })
        else console.log('lifted')
      },
    },
  },
})

async function whom({ admin, values: { login: given, realm, address, customer } }: ActionRequest): Promise<object> {
  const login = customer === undefined ? given : (await findCustomer(admin, customer)).email
  if (!login && !address)
    throw new AdminError('Give a login, a customer or an address: --login EMAIL, --customer CUSTOMER, --address IP.')
  return { ...(login && { login }), ...(realm && { realm }), ...(address && { address }) }
}
