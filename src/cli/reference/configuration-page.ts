import type { Setting } from '../../config/setting.ts'
import { settings } from '../../config.ts'

/** `docs/configuration.md`, made from the table of settings, so that the two cannot disagree. */
export function configurationPage(): string {
  const rows = Object.entries<Setting>(settings).map(([name, setting]) => {
    return `| \`${name}\` | ${defaults(setting)} | ${escapeCell(setting.sentence + choices(setting.type) + secrecy(setting))} |`
  })
  return [...INTRODUCTION, '| setting | default | what it does |', '|---|---|---|', ...rows, ''].join('\n')
}

function defaults({ default: standard = '', productionDefault }: Setting): string {
  const written = (value: string) => (value === '' ? 'unset' : `\`${value}\``)
  return productionDefault === undefined
    ? written(standard)
    : `${written(standard)}; in production: ${written(productionDefault)}`
}

const INTRODUCTION = [
  '# Configuration',
  '',
  '<!-- Made by "npx vestibule config --markdown > docs/configuration.md". Change src/config/ instead. -->',
  '',
  'Every setting is an environment variable, and none is required. Without any, the server runs on its own, with an',
  'embedded database in `./data`, signing keys in `./keys` and a demo shop.',
  '',
  '- `NAME_FILE` reads the setting `NAME` from a file, for secrets that an orchestrator mounts. Set only one of the two.',
  '  A secret is the content of the file without the line break that ends it; of other settings, blanks at both ends go too.',
  '- The server reports all invalid settings at once, each with the fix, and exits with code 1.',
  '- Names that begin with `VESTIBULE_` are refused: no setting has this prefix.',
  '- `npx vestibule config` shows the current settings, with secrets masked; `--json` for programs.',
  '- `NODE_ENV=production` refuses the demo shop and weak settings: it needs `COOKIE_KEYS`, `KEY_ENCRYPTION_KEY` and an',
  '  `ISSUER` with https. It serves no dialect unless `DIALECTS` and `DIALECT_CLIENTS` say so.',
  '',
]

/** The values of a setting that has a closed list of them. */
function choices(type: object): string {
  const { options } = ('in' in type ? type.in : type) as { options?: unknown } // only zod's enums have options
  return Array.isArray(options) && options.every((option) => typeof option === 'string')
    ? ` One of: ${options.join(', ')}.`
    : ''
}

function secrecy(setting: object): string {
  return 'secret' in setting ? ' Secret.' : ''
}

function escapeCell(text: string): string {
  return text.replaceAll('|', '\\|')
}
