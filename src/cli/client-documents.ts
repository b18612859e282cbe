import type { CheckedDocument, ShownBlock, ShownDocument } from '../admin/routes/unregistered/client-document-routes.ts'
import { plain } from '../plain-text.ts'
import { printJson, printTable } from './command/print.ts'
import { subcommands } from './command/subcommands.ts'

/** Clients that metadata documents describe. */
export const clientDocuments = subcommands({
  name: 'client-documents',
  summary: 'see clients whose id is the address of a document, and block hosts',
  note: 'CLIENT_METADATA_DOCUMENTS switches them on: docs/how-to/unknown-clients.md.',
  actions: {
    list: {
      does: 'list the documents on record, and how many people use each',
      example: 'list',
      async run({ admin, isJson }) {
        const listed = await admin.list<ShownDocument>('/v1/client-documents?limit=1000')
        if (isJson) return printJson({ documents: listed })
        if (listed.length === 0) return console.log('no documents')
        const rows = listed.map(({ clientId, name, lastUsedAt, links, isBlocked }) => [
          clientId,
          name,
          new Date(lastUsedAt * 1000).toISOString(),
          String(links),
          isBlocked ? 'blocked' : '',
        ])
        printTable(['CLIENT', 'NAME', 'LAST USED', 'PEOPLE', ''], rows)
      },
    },
    check: {
      takes: 'ADDRESS',
      does: 'fetch a document now, and say what is wrong with it',
      example: 'check https://app.example/client.json',
      async run({ admin, subjects: [clientId = ''], isJson }): Promise<number> {
        const checked = await admin.call<CheckedDocument>('POST', '/v1/client-documents/check', { clientId })
        const { isUsable, problem, name, redirectUris = [] } = checked
        if (isJson) printJson(checked)
        else
          console.log(
            plain(isUsable ? `${name}: sends people to ${redirectUris.join(', ')}` : `cannot be used: ${problem}`),
          )
        return isUsable ? 0 : 1
      },
    },
    blocks: {
      does: 'list blocked hosts and addresses',
      example: 'blocks',
      async run({ admin, isJson }) {
        const blocks = await admin.list<ShownBlock>('/v1/client-documents/blocks?limit=1000')
        if (isJson) return printJson({ blocks })
        if (blocks.length === 0) return console.log('nothing is blocked')
        const rows = blocks.map(({ target, blockedBy, createdAt, reason = '' }) => [
          target,
          blockedBy,
          new Date(createdAt * 1000).toISOString(),
          reason,
        ])
        printTable(['BLOCKED', 'BY', 'AT', 'REASON'], rows)
      },
    },
    block: {
      takes: 'HOST',
      does: 'block a host, or one address: no sign-in begins with its documents, and every token of theirs ends',
      options: { reason: 'why, for other operators' },
      example: 'block app.example --reason "asks for passwords"',
      async run({ admin, subjects: [target = ''], values: { reason }, isJson }) {
        const body = { target, ...(reason !== undefined && { reason }) }
        await admin.call('POST', '/v1/client-documents/block', body)
        if (isJson) printJson({ blocked: target })
        else console.log(`${target} is blocked, and every token of its clients has ended`)
      },
    },
    unblock: {
      takes: 'HOST',
      does: 'let a blocked host or address in again',
      example: 'unblock app.example',
      async run({ admin, subjects: [target = ''], isJson }) {
        await admin.call('POST', '/v1/client-documents/unblock', { target })
        if (isJson) printJson({ unblocked: target })
        else console.log(`${target} is let in again`)
      },
    },
  },
})
