import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'

const read = (path: string) => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8')

test('every direct dependency is accounted for in the decision on packages, and nothing else is', () => {
  const { dependencies, devDependencies } = JSON.parse(read('package.json')) as Record<string, Record<string, string>>
  const rows = read('docs/decisions/0009-packages.md').matchAll(/^\| `([^`]+)` \|/gm)
  const listed = [...rows].map(([, name]) => name)
  expect(listed.sort()).toEqual(Object.keys({ ...dependencies, ...devDependencies }).sort())
})
