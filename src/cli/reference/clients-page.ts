import { z } from 'zod'
import { type ClientMember, clientMembers, OWN_MEMBER_NAMES } from '../../clients/client-schema.ts'
import { PRESET_SENTENCES } from '../../clients/presets.ts'

/** A member with what it takes, as the reference and `clients members` say it. */
export type MemberRow = { readonly name: ClientMember; readonly takes: string; readonly sentence: string }

export function memberRows(): MemberRow[] {
  // The keys of an object that is written out.
  return (Object.keys(clientMembers) as ClientMember[]).map((name) => {
    const schema = clientMembers[name]
    return { name, takes: takesOf(z.toJSONSchema(schema, { io: 'input' })), sentence: schema.description ?? '' }
  })
}

/** `docs/clients.md`, made of the schema that checks clients, so that the two cannot disagree. */
export function clientsPage(): string {
  const table = (rows: readonly MemberRow[]) => [
    '| member | takes | what it does |',
    '|---|---|---|',
    ...rows.map(({ name, takes, sentence }) => `| \`${name}\` | ${takes} | ${sentence} |`),
  ]
  const rows = memberRows()
  const isOwn = ({ name }: MemberRow) => OWN_MEMBER_NAMES.includes(name)
  return [
    ...INTRODUCTION,
    ...Object.entries(PRESET_SENTENCES).map(([preset, sentence]) => `- \`${preset}\`: ${sentence}.`),
    '',
    '## Standard members',
    '',
    'Those of RFC 7591, OpenID Connect Registration 1.0 and their extensions that this server uses.',
    '',
    ...table(rows.filter((row) => !isOwn(row))),
    '',
    '## Members of this server',
    '',
    ...table(rows.filter(isOwn)),
    '',
  ].join('\n')
}

type Json = {
  readonly type?: string
  readonly enum?: readonly string[]
  readonly const?: string
  readonly items?: object
}

function takesOf(schema: object): string {
  const { type, enum: values, const: only, items } = schema as Json // JSON Schema, as zod writes it
  if (values) return values.map((value) => `\`${value}\``).join(', ')
  if (only !== undefined) return `\`${only}\``
  if (type === 'array') return `list of ${takesOf(items ?? {})}s`
  if (type === 'boolean') return 'true or false'
  if (type === 'integer') return 'whole number'
  return type === 'object' ? 'object' : 'text'
}

const INTRODUCTION = `# Clients

<!-- Made by "npx vestibule clients members --markdown > docs/clients.md". Change src/clients/client-schema.ts instead. -->

A client is software that asks for tokens. An operator registers it; a member that is not in this list is refused, with the
name that was probably meant.

\`\`\`sh
npx vestibule clients create my-shop --preset web --redirect-uri https://shop.example/callback
npx vestibule clients show my-shop > my-shop.json      # change it, and bring it back:
npx vestibule clients update my-shop my-shop.json
\`\`\`

A client that proves itself by a secret gets one when none is given: it is shown once. A client that exists is not replaced by
\`create\`. Presets, for \`--preset\`; \`--third-party\` makes the client one of others:
`.split('\n')
