import { CLAIM_DIALECTS, CLAIM_PLACES } from '../../oauth/tokens/claim-entry.ts'
import { CLAIMS } from '../../oauth/tokens/claims-table.ts'

/** `docs/claims.md`, made from the table of claims, so that the two cannot disagree. */
export function claimsPage(): string {
  const entries = Object.entries(CLAIMS)
  const standard = entries
    .filter(([, entry]) => entry.in.length > 0)
    .map(([name, { says, source, scope, example, in: places }]) =>
      [
        code(name),
        scope ? code(scope) : '',
        ...CLAIM_PLACES.map((place) => (places.includes(place) ? '✓' : '')),
        says,
        source,
        code(JSON.stringify(example)),
      ].join(' | '),
    )
  const dialects = entries
    .filter(([, { dialects = [] }]) => dialects.length > 0)
    .map(([name, { dialects = [], in: places, says, example }]) =>
      [
        code(name),
        ...CLAIM_DIALECTS.map((dialect) => (dialects.includes(dialect) ? '✓' : '')),
        ...(places.length > 0 ? ['as above', ''] : [says, code(JSON.stringify(example))]),
      ].join(' | '),
    )
  return [
    ...INTRODUCTION,
    '| claim | scope | access | ID | userinfo | introspection | logout | SET | what it says | source | example |',
    '|---|---|---|---|---|---|---|---|---|---|---|',
    ...standard.map(row),
    ...ABOUT_DIALECTS,
    `| claim | ${CLAIM_DIALECTS.join(' | ')} | what it says | example |`,
    `|---|${'---|'.repeat(CLAIM_DIALECTS.length)}---|---|`,
    ...dialects.map(row),
    '',
  ].join('\n')
}

const row = (cells: string) => `| ${cells} |`
const code = (text: string) => `\`${text.replaceAll('|', '\\|')}\``

const INTRODUCTION = `# Claims

<!-- Made by "npx vestibule claims --markdown > docs/claims.md". Change src/oauth/tokens/claims-table.ts instead. -->

Every claim of every token and answer of this server. A test obtains tokens of every kind and compares: no token has a claim that is not
here, and no claim is here that no token has. Where a scope is named, ID tokens and userinfo need it.
`.split('\n')

const ABOUT_DIALECTS = `
## Access tokens in the form of a dialect

Introspection of such a token says what the standard token says, and the dialect's own claims.
`.split('\n')
