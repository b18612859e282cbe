import { existsSync, globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { beforeAll, expect, test } from 'vitest'
import { attackTestsPage, type Listed, listedAttacks, splitTest } from '../attacks/map/print.ts'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
/** The text that a test or a group of tests is named by: `test('…',`, `test.each(table)('…',`, `test.skipIf(x)('…',`. */
const TITLE =
  /(?:\b(?:test|testFailure|describe)(?:\.\w+)*|[)`])\(\s*('(?:[^'\\\n]|\\.)*'|"(?:[^"\\\n]|\\.)*"|`(?:[^`\\]|\\.)*`),/g

let listed: Listed[]
beforeAll(async () => {
  listed = await listedAttacks()
})
const everyAttack = () => listed.flatMap(({ attacks }) => attacks)

test('docs/attack-tests.md says what the lists of attacks say', () => {
  const page = readFileSync(join(ROOT, 'docs/attack-tests.md'), 'utf8')
  expect(page, 'Run "node test/attacks/map/print.ts > docs/attack-tests.md".').toBe(attackTestsPage(listed))
})

test('every test that an attack names is in its file, under that name', () => {
  const names = new Map<string, Set<string>>()
  const isThere = (file: string, name: string) => {
    if (!names.has(file)) names.set(file, existsSync(join(ROOT, file)) ? titlesIn(file) : new Set())
    return names.get(file)?.has(name)
  }
  const tests = everyAttack().flatMap((attack) => attack.tests)
  expect(tests.filter((test) => !isThere(...splitTest(test)))).toEqual([])
})

test('every attack has a name of its own, a sentence, and a test or the reason why there is none', () => {
  const ids = everyAttack().map(({ id }) => id)
  expect(ids.filter((id, at) => ids.indexOf(id) !== at)).toEqual([])
  for (const { id, kind, untested, tests } of everyAttack()) {
    expect(id).toMatch(/^[a-z0-9]+(-[a-z0-9]+)*$/)
    expect([id, kind]).toEqual([id, expect.stringMatching(/^\S.*\.$/)])
    if (tests.length === 0) expect([id, untested]).toEqual([id, expect.stringMatching(/^\S.*\.$/)])
    expect([id, new Set(tests).size]).toEqual([id, tests.length])
  }
})

test('every file of attack tests holds an attack that is listed', () => {
  const named = new Set(everyAttack().flatMap(({ tests }) => tests.map((test) => splitTest(test)[0])))
  const files = globSync('test/attacks/**/*.test.ts', { cwd: ROOT })
  expect(files.length).toBeGreaterThan(0)
  expect(files.filter((file) => !named.has(file))).toEqual([])
})

function titlesIn(file: string): Set<string> {
  const source = readFileSync(join(ROOT, file), 'utf8')
  return new Set([...source.matchAll(TITLE)].map(([, quoted = '']) => quoted.slice(1, -1).replace(/\\(['"`])/g, '$1')))
}
