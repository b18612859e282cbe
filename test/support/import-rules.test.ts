import { expect, test } from 'vitest'
import { endingViolations, importCycles, layerViolations } from './import-rules.ts'

const source = (path: string, ...lines: string[]) => ({ path, text: lines.join('\n') })
const layers = (path: string, line: string) => layerViolations([source(path, line)])

test('an import that points down is allowed', () => {
  expect(layers('src/oauth/accounts/account.ts', "import { findById } from '../customers/directory.ts'")).toEqual([])
  expect(layers('src/app.ts', "import { createLog } from './log.ts'")).toEqual([])
  expect(layers('src/main.ts', "import { run } from './cli/keys.ts'")).toEqual([])
})

test('imports within a folder are allowed', () => {
  expect(layers('src/oauth/grants/password.ts', "import { issueTokens } from '../issue-tokens.ts'")).toEqual([])
})

test('an import that points up is named with the reason, a type too', () => {
  expect(
    layers('src/keys/ring/key-ring.ts', "import type { LiveProvider } from '../../oauth/engine/live-provider.ts'"),
  ).toEqual(['src/keys/ring/key-ring.ts → src/oauth/engine/live-provider.ts: oauth is above keys, imports point down'])
})

test('siblings do not import each other, not even types', () => {
  expect(layers('src/admin/api.ts', "import type { Page } from '../interaction/pages.ts'")).toEqual([
    'src/admin/api.ts → src/interaction/pages.ts: admin and interaction share a layer and do not import each other',
  ])
})

test('leaves take types from each other, and nothing else', () => {
  expect(layers('src/http/access-log.ts', "import type { Log } from '../log.ts'")).toEqual([])
  expect(layers('src/http/access-log.ts', "import { createLog } from '../log.ts'")).toHaveLength(1)
})

test('a folder without a layer and a file outside of src are refused', () => {
  expect(layers('src/helpers/x.ts', "import { settings } from '../config.ts'")[0]).toContain('helpers has no layer')
  expect(layers('src/app.ts', "import { x } from './helpers/x.ts'")[0]).toContain('helpers has no layer')
  expect(layers('src/app.ts', "import { waitFor } from '../test/support/wait-for.ts'")[0]).toContain('outside src')
})

test('dynamic imports and re-exports count', () => {
  expect(layers('src/log.ts', "const { start } = await import('./server.ts')")).toHaveLength(1)
  expect(layers('src/log.ts', "export { start } from './server.ts'")).toHaveLength(1)
  expect(layers('src/log.ts', "export * from './server.ts'")).toHaveLength(1)
})

test('a circle of imports is told from its first file on, once', () => {
  const sources = [
    source('src/keys/a.ts', "import { b } from './b.ts'"),
    source('src/keys/b.ts', "import type { C } from './c.ts'"),
    source('src/keys/c.ts', "import { a } from './a.ts'", "import { d } from './d.ts'"),
    source('src/keys/d.ts'),
  ]
  expect(importCycles(sources)).toEqual(['src/keys/a.ts → src/keys/b.ts → src/keys/c.ts → src/keys/a.ts'])
})

test('two ways to the same file are not a circle', () => {
  const sources = [
    source('src/keys/a.ts', "import { b } from './b.ts'", "import { c } from './c.ts'"),
    source('src/keys/b.ts', "import { c } from './c.ts'"),
    source('src/keys/c.ts'),
  ]
  expect(importCycles(sources)).toEqual([])
})

test('a relative import without .ts is refused', () => {
  const imports = ["import { a } from './a'", "import { b } from './b.js'", "import { c } from './c.ts'"]
  expect(endingViolations([source('src/app.ts', ...imports)])).toEqual([
    'src/app.ts → ./a: relative imports end with .ts',
    'src/app.ts → ./b.js: relative imports end with .ts',
  ])
})
