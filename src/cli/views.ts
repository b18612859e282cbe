import { resolve } from 'node:path'
import { type Config, ConfigError, readConfig } from '../config.ts'
import type { Action } from './command/action.ts'
import { printJson } from './command/print.ts'
import { subcommands } from './command/subcommands.ts'

const check: Action = {
  does: 'check VIEWS_DIR: templates, texts and forms that do not fit this release; exits with 1 on a problem',
  example: 'check',
  async run({ environment, isJson }) {
    const { checkViews } = await import('../interaction/preview/check-views.ts')
    const findings = checkViews(viewsDirectory(readConfig(environment)))
    const hasProblem = findings.some(({ kind }) => kind === 'problem')
    if (isJson) printJson(findings)
    else for (const { kind, file, message } of findings) console.log(`${kind}: ${file}: ${message}`)
    if (!isJson && findings.length === 0) console.log('Everything in VIEWS_DIR fits.')
    return hasProblem ? 1 : 0
  },
}

const accept: Action = {
  does: 'note that VIEWS_DIR was compared with this release, for the check after the next upgrade',
  example: 'accept',
  async run({ environment, isJson }) {
    const { acceptViews } = await import('../interaction/preview/check-views.ts')
    const count = acceptViews(viewsDirectory(readConfig(environment)))
    if (isJson) printJson({ count })
    else console.log(`Noted what ${count} files and texts are based on, in based-on.json of VIEWS_DIR.`)
  },
}

const preview: Action = {
  takes: 'DIRECTORY',
  options: { language: 'of the pages and mails, for example de; English unless given' },
  does: 'write every page and mail with made-up data into a directory; its index.html shows them all',
  example: 'preview ./preview --language de',
  async run({ environment, subjects: [directory = ''], values, isJson }) {
    const config = readConfig(environment)
    const [{ openBranding }, { writePreview }] = await Promise.all([
      import('../app/branding.ts'),
      import('../interaction/preview/write-preview.ts'),
    ])
    const branding = openBranding(config, { warn: () => {} })
    const language = branding.pages.chooseLanguage([values.language ?? ''])
    const written = writePreview(directory, { ...branding, language })
    const index = resolve(directory, 'index.html')
    if (isJson) printJson({ ...written, language, index })
    else console.log(`${written.pages} pages and ${written.mails} mails are in ${index}`)
  },
}

/** Looks after what customers see: pages, mails and their texts. */
export const views = subcommands({
  name: 'views',
  summary: 'show every page and mail, and check your own templates and texts',
  actions: { check, accept, preview },
})

function viewsDirectory({ VIEWS_DIR }: Config): string {
  if (VIEWS_DIR !== undefined) return VIEWS_DIR
  throw new ConfigError(['VIEWS_DIR is unset: there are no views of your own. Set it to their directory.'])
}
