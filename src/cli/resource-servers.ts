import { resourceServerMembers } from '../clients/resource-server-schema.ts'
import type { ResourceServer } from '../clients/resource-servers.ts'
import { printJson, printTable } from './command/print.ts'
import { readJson } from './command/read-json.ts'
import { subcommands } from './command/subcommands.ts'
import { memberRows, printMembers } from './reference/members.ts'
import { resourceServersPage } from './reference/resource-servers-page.ts'

/** Commerce services that accept tokens. */
export const resourceServers = subcommands({
  name: 'resource-servers',
  summary: 'manage the services that accept tokens, and their scopes',
  actions: {
    list: {
      does: 'list all resource servers',
      example: 'list',
      async run({ admin, isJson }) {
        const listed = await admin.list<ResourceServer>('/v1/resource-servers')
        if (isJson) return printJson({ resourceServers: listed })
        const rows = listed.map(({ identifier, format, scopes }) => [identifier, format, scopes.join(' ')])
        printTable(['IDENTIFIER', 'TOKENS', 'SCOPES'], rows)
      },
    },
    show: {
      takes: 'IDENTIFIER',
      does: 'show one resource server; create and update take what it prints',
      example: 'show urn:example:returns',
      async run({ admin, subjects: [identifier = ''] }) {
        printJson(await admin.call('GET', pathOf(identifier)))
      },
    },
    create: {
      takes: 'FILE',
      does: 'register a resource server from JSON; "-" reads standard input',
      example: 'create returns-service.json',
      async run({ admin, subjects: [file = ''], isJson }) {
        const created = await admin.call<ResourceServer>(
          'POST',
          '/v1/resource-servers',
          await readJson(file, 'resource server'),
        )
        if (isJson) printJson(created)
        else console.log(`${created.identifier} is registered`)
      },
    },
    update: {
      takes: 'IDENTIFIER FILE',
      does: 'replace the settings of a resource server',
      example: 'update urn:example:returns returns-service.json',
      async run({ admin, subjects: [identifier = '', file = ''], isJson }) {
        const changed = await admin.change('PUT', pathOf(identifier), await readJson(file, 'resource server'))
        if (isJson) printJson(changed)
        else console.log(`${identifier} is changed`)
      },
    },
    members: {
      does: 'list every member of a resource server, and what it means',
      flags: { markdown: 'print the reference page instead' },
      example: 'members',
      async run({ flags, isJson }) {
        if (flags.has('markdown')) return void process.stdout.write(resourceServersPage())
        printMembers(memberRows(resourceServerMembers), isJson)
      },
    },
    delete: {
      takes: 'IDENTIFIER',
      does: 'remove a resource server; it gets no more tokens',
      example: 'delete urn:example:returns',
      async run({ admin, subjects: [identifier = ''], isJson }) {
        await admin.change('DELETE', pathOf(identifier))
        if (isJson) printJson({ identifier })
        else console.log(`${identifier} is removed`)
      },
    },
  },
})

function pathOf(identifier: string): string {
  return `/v1/resource-servers/${encodeURIComponent(identifier)}`
}
