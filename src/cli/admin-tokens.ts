import type { AdminToken } from '../administrators/admin-tokens.ts'
import { printJson, printTable } from './command/print.ts'
import { subcommands } from './command/subcommands.ts'

/** Tokens for programs that use the admin API. */
export const adminTokens = subcommands({
  name: 'admin-tokens',
  summary: 'manage the tokens with which programs use the admin API',
  actions: {
    list: {
      does: 'list admin tokens; the token itself is never shown',
      example: 'list',
      async run({ admin, isJson }) {
        const listed = await admin.list<AdminToken>('/v1/admin-tokens')
        if (isJson) return printJson({ adminTokens: listed })
        const rows = listed.map((token) => [
          token.name,
          token.role,
          stateOf(token),
          new Date(token.expiresAt * 1000).toISOString(),
          token.lastUsedAt === undefined ? 'never' : new Date(token.lastUsedAt * 1000).toISOString(),
        ])
        printTable(['NAME', 'ROLE', 'STATE', 'EXPIRES', 'LAST USED'], rows)
      },
    },
    create: {
      takes: 'NAME',
      does: 'create an admin token; it is shown once',
      options: { role: 'viewer, support, security or owner', 'expires-at': 'ISO 8601; the default is in 90 days' },
      needs: ['role'],
      example: 'create deploy --role security --expires-at 2027-01-31T00:00:00Z',
      async run({ admin, subjects: [name], values, isJson }) {
        const expiresAt = values['expires-at']
        const body = { name, role: values.role, ...(expiresAt && { expiresAt }) }
        const made = await admin.call<AdminToken & { token: string }>('POST', '/v1/admin-tokens', body)
        if (isJson) printJson(made)
        else console.log(`${made.token}\n\nSave it now: it is not shown again.`)
      },
    },
    revoke: {
      takes: 'NAME',
      does: 'revoke an admin token',
      example: 'revoke deploy',
      async run({ admin, subjects: [name = ''], isJson }) {
        const path = `/v1/admin-tokens/${encodeURIComponent(name)}/revoke`
        const revoked = await admin.call<AdminToken>('POST', path, {})
        if (isJson) printJson(revoked)
        else console.log(`${name} is revoked`)
      },
    },
  },
})

function stateOf({ revokedAt, expiresAt }: AdminToken): string {
  if (revokedAt !== undefined) return 'revoked'
  return expiresAt * 1000 <= Date.now() ? 'expired' : 'active'
}
