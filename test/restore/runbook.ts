import { execFile } from 'node:child_process'
import { chmodSync, readFileSync, writeFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { findPostgres } from '../support/binaries.ts'
import { temporaryDirectory } from '../support/run-directory.ts'

const PROGRAM = fileURLToPath(new URL('../../bin/vestibule.js', import.meta.url))

/**
 * Runs the commands of one section of a runbook, as they are written there, with nothing but `environment`.
 *
 * @returns what they printed. @throws when one of them fails.
 */
export async function follow(runbook: string, section: string, environment: NodeJS.ProcessEnv): Promise<string> {
  const page = readFileSync(new URL(`../../docs/runbooks/${runbook}`, import.meta.url), 'utf8')
  const text = page.split(/^## /m).find((part) => part.startsWith(`${section}\n`)) ?? ''
  const commands = [...text.matchAll(/^```sh\n(.*?)^```/gms)].map(([, block]) => block).join('')
  if (commands === '') throw new Error(`${runbook} has no commands under "${section}"`)
  const env = { ...environment, HOME: process.env.HOME, PATH: pathWithProgram() }
  const { stdout } = await promisify(execFile)('bash', ['-euo', 'pipefail', '-c', commands], { env })
  return stdout
}

/** PATH with `vestibule` on it, and the programs of Postgres that match its server. */
function pathWithProgram(): string {
  const directory = temporaryDirectory('bin')
  const program = join(directory, 'vestibule')
  writeFileSync(program, `#!/bin/sh\nexec '${process.execPath}' '${PROGRAM}' "$@"\n`)
  chmodSync(program, 0o755)
  return [directory, findPostgres(), process.env.PATH].filter(Boolean).join(delimiter)
}
