import type { ShownMandate, ShownMandateWithHolds } from '../../admin/routes/people/mandate-routes.ts'
import { printJson, printTable } from '../command/print.ts'
import { subcommands } from '../command/subcommands.ts'

/** What customers let clients buy. */
export const mandates = subcommands({
  name: 'mandates',
  summary: 'see what customers let apps buy for them, and withdraw it',
  actions: {
    list: {
      does: 'list purchase mandates, newest first',
      options: {
        customer: 'of this customer: id, reference or e-mail address',
        client: 'of this client',
      },
      example: 'list --customer sonia@spryker.com',
      async run({ admin, values: { customer, client: clientId }, isJson }) {
        const given = Object.entries({ customer, clientId }).filter(
          (pair): pair is [string, string] => pair[1] !== undefined,
        )
        const listed = await admin.list<ShownMandate>(
          `/v1/mandates?${new URLSearchParams([...given, ['limit', '1000']])}`,
        )
        if (isJson) return printJson({ mandates: listed })
        if (listed.length === 0) return console.log('no purchase mandate')
        const rows = listed.map(({ id, state, customerId, clientId: client, grantedAt, terms }) => [
          id,
          state,
          customerId,
          client,
          time(grantedAt),
          JSON.stringify(terms.budget ?? terms.per_order),
        ])
        printTable(['ID', 'STATE', 'CUSTOMER', 'CLIENT', 'SINCE', 'CEILING'], rows)
      },
    },
    show: {
      takes: 'ID',
      does: 'show a purchase mandate with its orders',
      example: 'show 2f1b7c1e-6f0e-4d53-9d8c-0f6f2f3f9a10',
      async run({ admin, subjects: [id = ''] }) {
        printJson(await admin.call<ShownMandateWithHolds>('GET', pathOf(id)))
      },
    },
    withdraw: {
      takes: 'ID',
      does: 'withdraw a purchase mandate at once: release what is held, revoke its tokens',
      example: 'withdraw 2f1b7c1e-6f0e-4d53-9d8c-0f6f2f3f9a10',
      async run({ admin, subjects: [id = ''], isJson }) {
        const withdrawn = await admin.call<ShownMandateWithHolds>('POST', `${pathOf(id)}/withdraw`, {})
        if (isJson) printJson(withdrawn)
        else console.log(`${withdrawn.clientId} can buy nothing more for customer ${withdrawn.customerId}`)
      },
    },
  },
})

function pathOf(id: string): string {
  return `/v1/mandates/${encodeURIComponent(id)}`
}

function time(epochSeconds: number): string {
  return new Date(epochSeconds * 1000).toISOString()
}
