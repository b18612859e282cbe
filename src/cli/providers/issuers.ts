import { issuerMembers, type TrustedIssuer } from '../../issuers/issuer-schema.ts'
import type { ActionRequest } from '../command/action.ts'
import { printJson, printTable } from '../command/print.ts'
import { readJson } from '../command/read-json.ts'
import { subcommands } from '../command/subcommands.ts'
import { issuersPage } from '../reference/issuers-page.ts'
import { memberRows, printMembers } from '../reference/members.ts'

type Shown = { readonly issuer: TrustedIssuer }
type Checked = { readonly isUsable: boolean; readonly keys?: number; readonly problem?: string }

/** Others whose assertions about people are taken for tokens. */
export const issuers = subcommands({
  name: 'issuers',
  summary: 'manage the issuers whose assertions are taken for tokens',
  actions: {
    list: {
      does: 'list all trusted issuers',
      example: 'list',
      async run({ admin, isJson }) {
        const listed = await admin.list<Shown>('/v1/issuers')
        if (isJson) return printJson({ issuers: listed.map(({ issuer }) => issuer) })
        const rows = listed.map(({ issuer: { id, kind, issuer, is_enabled } }) => [
          id,
          kind,
          is_enabled === false ? 'disabled' : 'enabled',
          issuer,
        ])
        printTable(['ID', 'KIND', 'STATE', 'ISSUER'], rows)
      },
    },
    show: {
      takes: 'ID',
      does: 'show the members of one; add and update take what it prints',
      example: 'show company',
      async run({ admin, subjects: [id = ''] }) {
        printJson((await admin.call<Shown>('GET', pathOf(id))).issuer)
      },
    },
    add: {
      takes: 'FILE',
      does: 'add a trusted issuer from JSON',
      example: 'add company.json',
      async run({ admin, subjects: [file = ''], isJson }) {
        const { issuer } = await admin.call<Shown>('POST', '/v1/issuers', await bodyOf(file))
        if (isJson) printJson(issuer)
        else console.log(`${issuer.id} is added: assertions of ${issuer.issuer} are taken`)
      },
    },
    update: {
      takes: 'ID FILE',
      does: 'replace the members of one',
      example: 'update company company.json',
      async run({ admin, subjects: [id = '', file = ''], isJson }) {
        const { issuer } = await admin.change<Shown>('PUT', pathOf(id), await bodyOf(file))
        if (isJson) printJson(issuer)
        else console.log(`${id} is changed`)
      },
    },
    enable: {
      takes: 'ID',
      does: 'take assertions of an issuer again',
      example: 'enable company',
      run: (request) => set(request, true),
    },
    disable: {
      takes: 'ID',
      does: 'refuse the assertions of an issuer; tokens that were given live on until they end',
      example: 'disable company',
      run: (request) => set(request, false),
    },
    check: {
      takes: 'ID',
      does: 'fetch the keys of an issuer, and say whether they can be used',
      example: 'check company',
      async run({ admin, subjects: [id = ''], isJson }: ActionRequest): Promise<number> {
        const checked = await admin.call<Checked>('GET', `${pathOf(id)}/check`)
        if (isJson) printJson(checked)
        else console.log(`${id}: ${checked.isUsable ? `${checked.keys} usable keys` : checked.problem}`)
        return checked.isUsable ? 0 : 1
      },
    },
    members: {
      does: 'list every member of a trusted issuer, and what it means',
      flags: { markdown: 'print the reference page instead' },
      example: 'members',
      async run({ flags, isJson }) {
        if (flags.has('markdown')) return void process.stdout.write(issuersPage())
        printMembers(memberRows(issuerMembers), isJson)
      },
    },
    remove: {
      takes: 'ID',
      does: 'remove an issuer; its assertions are refused from now on',
      example: 'remove company',
      async run({ admin, subjects: [id = ''], isJson }) {
        await admin.change('DELETE', pathOf(id))
        if (isJson) printJson({ id })
        else console.log(`${id} is removed`)
      },
    },
  },
})

async function set({ admin, subjects: [id = ''], isJson }: ActionRequest, is_enabled: boolean): Promise<void> {
  const { issuer } = await admin.call<Shown>('GET', pathOf(id))
  const body = { issuer: { ...issuer, is_enabled } }
  const changed = await admin.change<Shown>('PUT', pathOf(id), body)
  if (isJson) printJson(changed.issuer)
  else console.log(`${id} is ${is_enabled ? 'enabled' : 'disabled'}`)
}

function pathOf(id: string): string {
  return `/v1/issuers/${encodeURIComponent(id)}`
}

async function bodyOf(file: string): Promise<object> {
  return { issuer: await readJson(file, 'trusted issuer') }
}
