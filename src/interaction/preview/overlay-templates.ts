import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Eta } from 'eta'
import { type Finding, problem, warning } from './finding.ts'

type Files = { readonly own: readonly string[]; readonly overlay: readonly string[] }

/** Files that are read where a shop has them, beside those that replace ours. */
const FURTHER = /^(brand\.css|icon\.svg|based-on\.json|locales\/[\w-]+\.json|mails\/[\w-]+\.(html|text)\.eta)$/

/** Templates that do not compile or name one that is not there, and files that nothing reads. */
export function checkTemplates(directory: string, { own, overlay }: Files): Finding[] {
  const templates = overlay
    .filter((file) => file.endsWith('.eta'))
    .map((file) => ({ file, text: read(directory, file) }))
  const included = new Set(templates.flatMap(({ text }) => namesIn(text)))
  const known = new Set([...own, ...overlay].map(nameOf))
  const eta = new Eta({ autoEscape: true })

  return [
    ...overlay
      .filter((file) => !own.includes(file) && !FURTHER.test(file) && !included.has(nameOf(file)))
      .map((file) =>
        warning(file, 'nothing reads this file: no file of this server has the name, and no template includes it'),
      ),
    ...templates.flatMap(({ file, text }) => [
      ...compileErrors(eta, file, text),
      ...namesIn(text)
        .filter((name) => !known.has(name))
        .map((name) => problem(file, `it includes @${name}, and there is no such template`)),
    ]),
  ]
}

function compileErrors(eta: Eta, file: string, text: string): Finding[] {
  try {
    eta.compile(text)
    return []
  } catch (error) {
    return [problem(file, `it does not compile: ${String(error).split('\n')[0]}`)]
  }
}

/** What a template includes or is laid out by, where the name is written out. */
function namesIn(text: string): string[] {
  return [...text.matchAll(/\b(?:include|layout)\(\s*(['"])@([\w/-]+)\1\s*[,)]/g)].map(([, , name = '']) => name)
}

const nameOf = (file: string) => file.replace(/\.eta$/, '')
const read = (directory: string, file: string) => readFileSync(join(directory, file), 'utf8')
