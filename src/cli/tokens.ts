import type { ListedToken } from '../admin/routes/recorded-token.ts'
import { REFUSALS, type Refusal } from '../oauth/tokens/refusals.ts'
import { AdminError } from './command/admin-client.ts'
import { customerIdOf } from './command/find-customer.ts'
import { printJson, printTable } from './command/print.ts'
import { subcommands } from './command/subcommands.ts'

/** What the admin API says of a token. */
type Inspection = { readonly record?: ListedToken } & (
  | { readonly isLive: true; readonly token: object }
  | { readonly isLive: false; readonly reason: Refusal }
)

/** Looks at tokens from inside. */
export const tokens = subcommands({
  name: 'tokens',
  summary: 'inspect one token, and list tokens on record: when and why they ended',
  actions: {
    inspect: {
      does: 'read one token from standard input and show its owner, why it works or does not work, and how it ended',
      readsInput: true,
      example: 'inspect < token.txt',
      async run({ admin, input, isJson }) {
        const status = await admin.call<Inspection>('POST', '/v1/tokens/inspect', { token: input.trim() })
        if (isJson) printJson(status)
        else if (status.isLive) printJson({ works: true, ...status.token })
        else {
          console.log(`does not work: ${REFUSALS[status.reason]} (${status.reason})`)
          if (status.record) console.log(sentenceOf(status.record))
        }
        return status.isLive ? 0 : 1
      },
    },
    list: {
      does: 'list tokens on record, newest first, and when and why they ended',
      options: {
        jti: 'the jti of a JWT, or the id of any token on record',
        grant: 'the id of a sign-in',
        customer: 'a customer: id, reference or e-mail address',
        client: 'a client id',
        limit: 'how many; the default is 100',
      },
      example: 'list --customer ron@swanson.com',
      async run({ admin, values: { jti, grant: grantId, customer, client: clientId, limit }, isJson }) {
        const customerId = customer === undefined ? undefined : await customerIdOf(admin, customer)
        const given = givenOf({ jti, grantId, customerId, clientId })
        if (given.length === 0) {
          throw new AdminError('Give at least one of --jti ID, --grant ID, --customer CUSTOMER and --client ID.')
        }
        const query = new URLSearchParams([...given, ...givenOf({ limit })])
        const { items, next } = await admin.call<{ items: ListedToken[]; next?: string }>('GET', `/v1/tokens?${query}`)
        if (isJson) return printJson({ tokens: items, ...(next && { next }) })
        if (items.length === 0) return console.log('no token on record')
        printTable(['ISSUED', 'KIND', 'ID', 'CLIENT', 'WHO', 'GRANT', 'ENDED', 'CAUSE', 'BY'], items.map(toRow))
      },
    },
  },
})

function givenOf(members: Readonly<Record<string, string | undefined>>): [string, string][] {
  return Object.entries(members).filter((member): member is [string, string] => member[1] !== undefined)
}

function toRow(token: ListedToken): string[] {
  const { anonymousId, endedAt } = token
  return [
    iso(token.issuedAt),
    token.kind,
    token.place === undefined ? token.id : `${token.id} ${token.place}`,
    token.clientId,
    token.customerId ?? (anonymousId === undefined ? (token.agentId ?? '') : `anonymous ${anonymousId}`),
    token.grantId ?? '',
    endedAt === undefined ? '' : iso(endedAt),
    token.cause ?? '',
    token.endedBy ?? '',
  ]
}

function sentenceOf({ kind, clientId, issuedAt, endedAt, cause, endedBy }: ListedToken): string {
  const issued = `on record: ${kind} of ${clientId}, issued ${iso(issuedAt)}`
  if (endedAt === undefined) return issued
  return `${issued}, ended ${iso(endedAt)}: ${cause}${endedBy === undefined ? '' : `, by ${endedBy}`}`
}

function iso(epochSeconds: number): string {
  return new Date(epochSeconds * 1000).toISOString()
}
