import type { ListedLock } from '../credentials/lockout/lock-list.ts'
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
      does: 'list everything that is locked now, or the lockouts of a login or an address',
      options: { ...options, realm: 'customer, agent or administrator; of a login customer is the default' },
      example: 'list',
      async run(request) {
        const query = new URLSearchParams(await named(request))
        const locks = await request.admin.list<Lock>(`/v1/lockouts?${query}`)
        if (request.isJson) return printJson({ lockouts: locks })
        const isOfAll = !query.has('login') && !query.has('address')
        if (locks.length === 0) return console.log(isOfAll ? 'nothing is locked' : 'not locked')
        const rows = locks.map(({ of, network, until, realm, login }) => [
          of,
          network ?? 'everywhere',
          duration(Math.max(0, until - Date.now() / 1000)),
          ...(isOfAll ? [realm ?? '', login ?? ''] : []),
        ])
        printTable(['LOCKED', 'FROM', 'FOR ANOTHER', ...(isOfAll ? ['OF A', 'LOGIN'] : [])], rows)
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

type Lock = Omit<ListedLock, 'realm'> & Partial<Pick<ListedLock, 'realm'>>

async function whom(request: ActionRequest): Promise<object> {
  const found = await named(request)
  if (found.login || found.address) return found
  throw new AdminError('Give a login, a customer or an address: --login EMAIL, --customer CUSTOMER, --address IP.')
}

async function named({
  admin,
  values: { login: given, realm, address, customer },
}: ActionRequest): Promise<Record<string, string>> {
  const login = customer === undefined ? given : (await findCustomer(admin, customer)).email
  return { ...(login && { login }), ...(realm && { realm }), ...(address && { address }) }
}
