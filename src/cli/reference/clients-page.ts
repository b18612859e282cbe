import { clientMembers, OWN_MEMBER_NAMES } from '../../clients/client-schema.ts'
import { PRESET_SENTENCES } from '../../clients/presets.ts'
import { type MemberRow, memberRows, memberTable } from './members.ts'

/** `docs/clients.md`, made of the schema that checks clients, so that the two cannot disagree. */
export function clientsPage(): string {
  const rows = memberRows(clientMembers)
  const isOwn = ({ name }: MemberRow) => OWN_MEMBER_NAMES.includes(name)
  return [
    ...INTRODUCTION,
    ...Object.entries(PRESET_SENTENCES).map(([preset, sentence]) => `- \`${preset}\`: ${sentence}.`),
    '',
    '## Standard members',
    '',
    'Those of RFC 7591, OpenID Connect Registration 1.0 and their extensions that this server uses.',
    '',
    ...memberTable(rows.filter((row) => !isOwn(row))),
    '',
    '## Members of this server',
    '',
    ...memberTable(rows.filter(isOwn)),
    '',
  ].join('\n')
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
