import type { ShownInitialToken } from '../../admin/routes/initial-token-routes.ts'
import { printJson, printTable } from '../command/print.ts'
import { subcommands } from '../command/subcommands.ts'

/** Tokens with which software registers itself. */
export const initialTokens = subcommands({
  name: 'initial-tokens',
  summary: 'manage the tokens with which software registers itself as a client',
  note: 'They are for DYNAMIC_REGISTRATION=token: docs/how-to/mcp.md.',
  actions: {
    list: {
      does: 'list the tokens; the token itself is never shown',
      example: 'list',
      async run({ admin, isJson }) {
        const listed = await admin.list<ShownInitialToken>('/v1/initial-tokens')
        if (isJson) return printJson({ initialTokens: listed })
        const rows = listed.map((token) => [
          token.name,
          stateOf(token),
          `${token.uses} of ${token.maxUses}`,
          new Date(token.expiresAt * 1000).toISOString(),
          token.scopes?.join(' ') ?? '',
        ])
        printTable(['NAME', 'STATE', 'USED', 'EXPIRES', 'SCOPES'], rows)
      },
    },
    create: {
      takes: 'NAME',
      does: 'create a token; it is shown once',
      options: {
        uses: 'how many clients may register with it; the default is 1',
        scopes: 'scopes of resource servers that they may ask for, separated by commas',
        'expires-at': 'ISO 8601; the default is in 30 days',
      },
      example: 'create partner-x --uses 5 --scopes orders:read,cart:manage',
      async run({ admin, subjects: [name], values, isJson }) {
        const { uses, scopes, 'expires-at': expiresAt } = values
        const body = {
          name,
          ...(uses !== undefined && { maxUses: Number(uses) }),
          ...(scopes !== undefined && {
            scopes: scopes
              .split(',')
              .map((scope) => scope.trim())
              .filter(Boolean),
          }),
          ...(expiresAt !== undefined && { expiresAt }),
        }
        const made = await admin.call<ShownInitialToken & { token: string }>('POST', '/v1/initial-tokens', body)
        if (isJson) printJson(made)
        else console.log(`${made.token}\n\nSave it now: it is not shown again.`)
      },
    },
    revoke: {
      takes: 'NAME',
      does: 'revoke a token; clients that registered with it stay',
      example: 'revoke partner-x',
      async run({ admin, subjects: [name = ''], isJson }) {
        const path = `/v1/initial-tokens/${encodeURIComponent(name)}/revoke`
        const revoked = await admin.call<ShownInitialToken>('POST', path, {})
        if (isJson) printJson(revoked)
        else console.log(`${name} is revoked`)
      },
    },
  },
})

function stateOf({ revokedAt, expiresAt, uses, maxUses }: ShownInitialToken): string {
  if (revokedAt !== undefined) return 'revoked'
  if (uses >= maxUses) return 'used up'
  return expiresAt * 1000 <= Date.now() ? 'expired' : 'active'
}
