import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

type Package = { readonly scripts: { readonly start: string } }

const ROOT = fileURLToPath(new URL('..', import.meta.url))

/** What `npm start` gives to Node, with the program by its full path. */
export function startArguments(): string[] {
  const { scripts } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as Package
  const [, ...given] = scripts.start.split(' ')
  return given.map((argument) => (argument.startsWith('bin/') ? join(ROOT, argument) : argument))
}

/** What of it is Node's own: the arguments before the program. */
export function nodeArgumentsOfStart(): string[] {
  const given = startArguments()
  return given.slice(
    0,
    given.findIndex((argument) => !argument.startsWith('-')),
  )
}
