import { globSync } from 'node:fs'
import { join } from 'node:path'
import type { Attack } from './attack.ts'

const HERE = import.meta.dirname
/** Files of this folder that list no attacks. */
const MACHINERY = ['attack.ts', 'print.ts']

/** The attacks of one file of this folder, and the name of the file without its ending. */
export type Listed = { readonly file: string; readonly attacks: readonly Attack[] }

/** Every file of this folder that lists attacks. */
export async function listedAttacks(): Promise<Listed[]> {
  const files = globSync('*.ts', { cwd: HERE }).filter((file) => !MACHINERY.includes(file))
  const read = async (file: string): Promise<Listed> => {
    const { attacks } = (await import(join(HERE, file))) as { attacks?: readonly Attack[] }
    if (!attacks) throw new Error(`test/attacks/map/${file} exports no list named "attacks"`)
    return { file: file.replace(/\.ts$/, ''), attacks }
  }
  return Promise.all(files.sort().map(read))
}

/** `docs/attack-tests.md`, made from the lists of attacks, so that the page names tests that are there. */
export function attackTestsPage(listed: readonly Listed[]): string {
  const sections = listed.flatMap(({ file, attacks }) => [`## ${titleOf(file)}`, '', ...attacks.flatMap(lines)])
  return [...INTRODUCTION, ...sections].join('\n')
}

function lines({ id, kind, reference, untested, tests }: Attack): string[] {
  return [
    `### ${id}`,
    '',
    markdown(reference ? `${kind} (${reference})` : kind),
    '',
    ...(untested ? [`*No test: ${markdown(untested)}*`, ''] : []),
    ...tests.map(line),
    ...(tests.length > 0 ? [''] : []),
  ]
}

function line(test: string): string {
  const [file = '', name = ''] = splitTest(test)
  return `- [${file.replace(/^test\//, '')}](../${file}): ${markdown(name)}`
}

/** The file of a test, and its name. */
export function splitTest(test: string): [string, string] {
  const at = test.indexOf(' › ')
  return [test.slice(0, at), test.slice(at + ' › '.length)]
}

/** Names of tests have placeholders and mark-up in them, which are shown as they are. */
function markdown(text: string): string {
  return text.replace(/[<>_*`[\]]/g, (sign) => `\\${sign}`)
}

function titleOf(file: string): string {
  const words = file.replaceAll('-', ' ')
  return words.charAt(0).toUpperCase() + words.slice(1)
}

const INTRODUCTION = `# Attacks, and the tests that hold against them

<!-- Made by "node test/attacks/map/print.ts > docs/attack-tests.md". Change the lists in test/attacks/map instead. -->

Each attack is followed by the tests that fail when it works. \`%s\` and \`$name\` in a name stand for the rows of a table:
endpoints, grants, inputs. "Published cases" are attacks that standards warn of, and that were found in other servers of
this kind; the other sections are what was looked for here. What the server defends, and what it does not, is in
[SECURITY.md](../SECURITY.md).
`.split('\n')

if (import.meta.main) process.stdout.write(attackTestsPage(await listedAttacks()))
