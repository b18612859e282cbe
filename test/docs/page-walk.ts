import { execFile } from 'node:child_process'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { findPostgres } from '../support/binaries.ts'
import { temporaryDirectory } from '../support/run-directory.ts'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))

/** What a page says, and what stands for it here: hosts, ports, directories. */
export type Changes = Readonly<Record<string, string>>

export type Walk = {
  /** Where the commands run, and where files that they name without a directory are. */
  readonly directory: string
  /**
   * Runs the next block, which must contain `text`, with more `changes` for this one; what it printed. Variables, the
   * directory and the umask are as the block before left them. @throws when a command fails.
   */
  next(text: string, changes?: Changes): Promise<string>
  /** @throws when blocks of the page were not run. */
  end(): void
}

/** The fenced blocks of a page in one language, in order. */
export function blocksOf(page: string, language: string): string[] {
  const text = readFileSync(join(ROOT, page), 'utf8')
  return [...text.matchAll(new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\`$`, 'gms'))].map(([, block = '']) => block)
}

/** @throws when `text` does not say what is to be changed. */
export function changed(text: string, changes: Changes): string {
  return Object.entries(changes).reduce((before, [theirs, ours]) => {
    if (!before.includes(theirs)) throw new Error(`nothing says "${theirs}" any more: ${before}`)
    return before.replaceAll(theirs, ours)
  }, text)
}

/** Walks through the `sh` blocks of a page as a reader would, whose `vestibule` and `npx vestibule` are this version. */
export function walkPage(page: string, changes: Changes, environment: Readonly<Record<string, string>> = {}): Walk {
  const directory = temporaryDirectory('walk')
  const blocks = blocksOf(page, 'sh')
  const whole = blocks.join('')
  for (const theirs of Object.keys(changes)) changed(whole, { [theirs]: '' })
  const state = join(directory, '.state')
  const env = { ...environment, HOME: directory, PATH: pathOfReader() }

  return {
    directory,
    async next(text, more = {}) {
      const block = blocks.shift()
      if (!block?.includes(text)) throw new Error(`${page}: the next block has no "${text}":\n${block}`)
      const commands = Object.entries(changes).reduce(
        (before, [theirs, ours]) => before.replaceAll(theirs, ours),
        changed(block, more),
      )
      // Every variable is exported, so that the next block has it.
      const before = `set -euo pipefail; ${existsSync(state) ? `. '${state}'; ` : ''}set -a\n`
      const after = `\nset +x; { export -p; umask -p; printf 'cd %q\\n' "$PWD"; } > '${state}'`
      const script = `${before}${commands}${after}`
      try {
        const { stdout, stderr } = await promisify(execFile)('bash', ['-c', script], { cwd: directory, env })
        return `${stdout}${stderr}`
      } catch (error) {
        const { stdout = '', stderr = '' } = error as { stdout?: string; stderr?: string } // execFile adds both
        throw new Error(`${page}: this failed:\n${commands}\n${stdout}${stderr}`, { cause: error })
      }
    },
    end() {
      if (blocks.length > 0) throw new Error(`${page}: these blocks were not run:\n${blocks.join('\n')}`)
    },
  }
}

/** PATH with an `npx` that runs this version, and the programs of Postgres that match its server. */
function pathOfReader(): string {
  const bin = temporaryDirectory('bin')
  const program = `exec '${process.execPath}' '${join(ROOT, 'bin/vestibule.js')}' "$@"`
  writeFileSync(join(bin, 'vestibule'), `#!/bin/sh\n${program}\n`, { mode: 0o755 })
  writeFileSync(join(bin, 'npx'), `#!/bin/sh\n[ "$1" = vestibule ] && shift\n${program}\n`, { mode: 0o755 })
  return [bin, findPostgres(), process.env.PATH].filter(Boolean).join(delimiter)
}
