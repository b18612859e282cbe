import { existsSync, globSync, readFileSync } from 'node:fs'
import { dirname, join, sep } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import {
  crowdedFolders,
  endingViolations,
  importCycles,
  layerViolations,
  roomCycles,
  type Source,
} from './support/import-rules.ts'
import {
  defaultExportViolations,
  dependencyViolations,
  environmentViolations,
  homeViolations,
  logEventViolations,
  packageViolations,
  requestStateViolations,
} from './support/source-rules.ts'
import { castViolations, parameterViolations } from './support/syntax-rules.ts'

const ROOT = fileURLToPath(new URL('..', import.meta.url))
const sources: Source[] = readSources('src/**/*.ts')
const packageJson = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
  dependencies: Record<string, string>
}

/** Packages for others, which know nothing of the server. */
const packages: Source[] = readSources('packages/*/src/**/*.ts')

test('the rules see the source', () => {
  expect(sources.map(({ path }) => path)).toContain('src/config.ts')
  expect(packages.map(({ path }) => path)).toContain('packages/resource-server/src/index.ts')
})

test('packages import nothing from outside of themselves but jose', () => {
  expectNone(packageViolations(packages, ['jose']))
})

test('packages keep the rules of the house that are not about layers', () => {
  expectNone([
    ...importCycles(packages),
    ...crowdedFolders(packages, 25),
    ...endingViolations(packages),
    ...defaultExportViolations(packages),
    ...environmentViolations(packages, []),
    ...parameterViolations(packages, 4),
    ...castViolations(packages),
  ])
})

test('imports point down only, and siblings do not import each other', () => {
  expectNone(layerViolations(sources))
})

test('no imports run in a circle', () => {
  expectNone(importCycles(sources))
})

test('no circle runs between the rooms of a folder', () => {
  expectNone(roomCycles(sources))
})

test('no folder holds more than 25 files of its own', () => {
  expectNone(crowdedFolders(sources, 25))
})

test('each folder of src opens with a README', () => {
  const folders = new Set(sources.map(({ path }) => dirname(path)))
  expectNone([...folders].filter((folder) => !existsSync(join(ROOT, folder, 'README.md'))))
})

test('relative imports end with .ts', () => {
  expectNone(endingViolations(sources))
})

test('each third-party package has one home', () => {
  expectNone(homeViolations(sources))
})

test('every dependency is imported, and every imported package is a dependency', () => {
  expectNone(dependencyViolations(sources, Object.keys(packageJson.dependencies)))
})

test('everything is exported by name', () => {
  expectNone(defaultExportViolations(sources))
})

test('sign-ins are ended in one place, which tells of it', () => {
  const allowed = ['src/oauth/sign-outs/carry-out.ts', 'src/oauth/sign-out-cut-offs.ts']
  const endings = sources.filter(({ text }) => /remove\('Grant'|raiseCutOff/.test(text)).map(({ path }) => path)
  expectNone(endings.filter((path) => !allowed.includes(path)))
})

test('the environment is read in one place', () => {
  expectNone(environmentViolations(sources, ['src/config.ts', 'src/main.ts']))
})

test('the state of a request has one type, in one file', () => {
  expectNone(requestStateViolations(sources, 'src/http/request-state.ts'))
})

test('no function takes more than four parameters', () => {
  expectNone(parameterViolations(sources, 4))
})

test('a cast has its reason beside it', () => {
  expectNone(castViolations(sources))
})

test('every log line of warn and above names its event', () => {
  expectNone(logEventViolations(sources))
})

function readSources(pattern: string): Source[] {
  return globSync(pattern, { cwd: ROOT })
    .sort()
    .map((path) => ({ path: path.replaceAll(sep, '/'), text: readFileSync(join(ROOT, path), 'utf8') }))
}

function expectNone(violations: readonly string[]): void {
  expect(violations, `\n${violations.join('\n')}\n`).toEqual([])
}
