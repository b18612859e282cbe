import { execFile } from 'node:child_process'
import { chmodSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { delimiter, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { temporaryDirectory } from '../support/run-directory.ts'
import type { TestServer, TestSettings } from '../support/server.ts'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
/** The address of the server in pages. */
export const ISSUER = 'https://id.shop.example'
/** Each shop system has a page of its own beside the one for all. */
export const MOVE_PAGES = [
  'move-a-shop.md',
  'move-from-spryker.md',
  'move-from-magento.md',
  'move-from-elastic-path.md',
  'move-from-commercetools.md',
]
const MARK = '@@ block'

/** A fenced block of a page. */
export type Block = { readonly language: string; readonly text: string }
/** Commands of a page, with what the page says they print; `…` stands for what differs. */
export type Step = { readonly commands: string; readonly shown?: string }

export function readPage(name: string): string {
  return readFileSync(join(ROOT, 'docs/how-to', name), 'utf8')
}

export function blocksOf(page: string): Block[] {
  const found = page.matchAll(/^```(\w+)\n(.*?)^```$/gms)
  return [...found].map(([, language = '', text = '']) => ({ language, text }))
}

/** The blocks that are nothing but settings. */
export function settingsIn(page: string): TestSettings[] {
  return blocksOf(page)
    .filter(isSettings)
    .map(({ text }) => Object.fromEntries(lines(text).map((line) => line.split(/=(.*)/s).slice(0, 2))))
}

export function stepsOf(page: string): Step[] {
  const blocks = blocksOf(page)
  return blocks.flatMap((block, index) => {
    if (block.language !== 'sh' || isSettings(block)) return []
    const next = blocks[index + 1]
    return [{ commands: block.text, ...(next?.language === 'text' && { shown: next.text }) }]
  })
}

/** Pastes the commands into one shell with `npx vestibule` of this version, and returns what each step printed. */
export async function paste(steps: readonly Step[], server: TestServer): Promise<string[]> {
  const directory = temporaryDirectory('pasted')
  symlinkSync(join(ROOT, 'node_modules'), join(directory, 'node_modules'))
  const script = steps.map(({ commands }, index) => `${commands}\necho '${MARK} ${index}'\n`).join('')
  const program = join(ROOT, 'bin/vestibule.js')
  const npx = join(directory, 'bin-npx')
  writeFileSync(npx, `#!/bin/sh\nshift\nexec '${process.execPath}' '${program}' "$@"\n`)
  chmodSync(npx, 0o755)
  const aliased = `npx() { '${npx}' "$@"; }\nexec 2>&1\n${script.replaceAll(ISSUER, server.url)}`
  const env = {
    HOME: directory,
    PATH: [dirname(process.execPath), process.env.PATH].join(delimiter),
    DATA_DIR: server.config.DATA_DIR,
    PAGER: 'cat',
  }
  const printed = await new Promise<string>((resolve, reject) =>
    execFile('bash', ['-c', aliased], { cwd: directory, env }, (error, stdout) =>
      error ? reject(new Error(`${error.message}\n${stdout}`)) : resolve(stdout),
    ),
  )
  return printed.split(new RegExp(`${MARK} \\d+\n`)).slice(0, steps.length)
}

/** Lines that the page shows and the commands did not print. */
export function notPrinted({ shown = '' }: Step, printed: string): string[] {
  const there = lines(printed)
  return lines(shown).filter((line) => {
    const [first = '', ...rest] = line.split('…').map((part) => part.trim())
    return !there.some((candidate) => candidate.startsWith(first) && rest.every((part) => candidate.includes(part)))
  })
}

function isSettings({ language, text }: Block): boolean {
  return language === 'sh' && lines(text).every((line) => /^[A-Z_]+=\S+$/.test(line))
}

function lines(text: string): string[] {
  return text
    .split('\n')
    .map((line) => line.trim())
    .filter(Boolean)
}
