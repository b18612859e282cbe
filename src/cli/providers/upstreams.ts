import type { StoredUpstream } from '../../upstreams/registry.ts'
import { upstreamMembers } from '../../upstreams/upstream-schema.ts'
import type { ActionRequest } from '../command/action.ts'
import { printJson, printTable } from '../command/print.ts'
import { readJson, refuseSharedInput } from '../command/read-json.ts'
import { fromInput } from '../command/standard-input.ts'
import { subcommands } from '../command/subcommands.ts'
import { memberRows, printMembers } from '../reference/members.ts'
import { upstreamsPage } from '../reference/upstreams-page.ts'

type Shown = StoredUpstream & {
  readonly addresses: { readonly callback: string; readonly backchannelLogout: string; readonly signedOut: string }
}
type Checked = { readonly isUsable: boolean; readonly problem?: string; readonly issuer?: string }

const SECRET = { 'secret-stdin': 'read the client secret, or the private key in PEM, from standard input' }

/** Providers at which customers can sign in. */
export const upstreams = subcommands({
  name: 'upstreams',
  summary: 'manage the providers at which customers can sign in',
  actions: {
    list: {
      does: 'list all sign-in providers',
      example: 'list',
      async run({ admin, isJson }) {
        const listed = await admin.list<Shown>('/v1/upstreams')
        if (isJson) return printJson({ upstreams: listed })
        const rows = listed.map(({ upstream: { id, name, kind = 'oidc', is_enabled } }) => [
          id,
          name,
          kind,
          is_enabled === false ? 'disabled' : 'enabled',
        ])
        printTable(['UPSTREAM', 'NAME', 'KIND', 'STATE'], rows)
      },
    },
    show: {
      takes: 'ID',
      does: 'show the settings of one; create and update take what it prints. With --json also its addresses',
      example: 'show google',
      async run({ admin, subjects: [id = ''], isJson }) {
        const shown = await admin.call<Shown>('GET', pathOf(id))
        printJson(isJson ? shown : shown.upstream)
      },
    },
    create: {
      takes: 'FILE',
      does: 'add a provider from JSON; the secret comes from standard input',
      flags: SECRET,
      example: 'create google.json --secret-stdin',
      async run({ admin, subjects: [file = ''], flags, isJson }) {
        const body = await bodyOf(file, flags)
        const made = await admin.call<Shown>('POST', '/v1/upstreams', body)
        if (isJson) return printJson(made)
        const { upstream, addresses } = made
        console.log(`${upstream.id} is added. Register at the provider:`)
        console.log(`  redirect URI         ${addresses.callback}`)
        console.log(`  back-channel logout  ${addresses.backchannelLogout}`)
        if (upstream.signs_out) console.log(`  after sign-out       ${addresses.signedOut}`)
      },
    },
    update: {
      takes: 'ID FILE',
      does: 'replace the settings of a provider; without --secret-stdin its secret stays',
      flags: SECRET,
      example: 'update google google.json',
      async run({ admin, subjects: [id = '', file = ''], flags, isJson }) {
        const changed = await admin.change<Shown>('PUT', pathOf(id), await bodyOf(file, flags))
        if (isJson) printJson(changed)
        else console.log(`${id} is changed`)
      },
    },
    check: {
      takes: 'ID',
      does: 'ask the provider for its metadata, and say whether it can be used',
      example: 'check google',
      async run({ admin, subjects: [id = ''], isJson }: ActionRequest): Promise<number> {
        const checked = await admin.call<Checked>('GET', `${pathOf(id)}/check`)
        if (isJson) printJson(checked)
        else console.log(checked.isUsable ? `${id} answers as ${checked.issuer}` : `${id}: ${checked.problem}`)
        return checked.isUsable ? 0 : 1
      },
    },
    members: {
      does: 'list every member of an upstream, and what it means',
      flags: { markdown: 'print the reference page instead' },
      example: 'members',
      async run({ flags, isJson }) {
        if (flags.has('markdown')) return void process.stdout.write(upstreamsPage())
        printMembers(memberRows(upstreamMembers), isJson)
      },
    },
    delete: {
      takes: 'ID',
      does: 'remove a provider; customers can no longer sign in with it',
      example: 'delete google',
      async run({ admin, subjects: [id = ''], isJson }) {
        await admin.change('DELETE', pathOf(id))
        if (isJson) printJson({ id })
        else console.log(`${id} is removed`)
      },
    },
  },
})

function pathOf(id: string): string {
  return `/v1/upstreams/${encodeURIComponent(id)}`
}

async function bodyOf(file: string, flags: ReadonlySet<string>): Promise<object> {
  refuseSharedInput(file, flags.has('secret-stdin'), 'sign-in provider')
  const upstream = await readJson(file, 'sign-in provider')
  const secret = flags.has('secret-stdin') ? await fromInput() : undefined
  return { upstream, ...(secret !== undefined && { secret }) }
}
