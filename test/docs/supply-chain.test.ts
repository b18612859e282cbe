import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const read = (path: string) => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8')

type Locked = {
  readonly version: string
  readonly integrity?: string
  readonly resolved?: string
  readonly dev?: true
  readonly link?: true
}
type Component = {
  readonly 'bom-ref': string
  readonly name: string
  readonly version: string
  readonly hashes?: readonly { alg: string }[]
}
type Sbom = {
  readonly bomFormat: string
  readonly components: readonly Component[]
  readonly dependencies: readonly { readonly ref: string; readonly dependsOn: readonly string[] }[]
}

const { packages } = JSON.parse(read('package-lock.json')) as { packages: Record<string, Locked> }
/** Without what is ours: the server and the workspaces. */
const locked = Object.entries(packages).filter(([path, { link }]) => path.startsWith('node_modules/') && !link)

const nameOf = (path: string) => path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length)

test('every locked package is pinned to its content, and the lockfile names no registry', () => {
  expect(locked.length).toBeGreaterThan(100)
  expect(locked.filter(([, { integrity }]) => !integrity?.startsWith('sha512-')).map(([path]) => path)).toEqual([])
  expect(locked.filter(([, { resolved }]) => resolved !== undefined).map(([path]) => path)).toEqual([])
})

test('"npm run sbom" lists every package that runs in production with its version and hash, and none for development', async () => {
  const run = promisify(execFile)
  const { stdout } = await run('npm', ['--silent', 'run', 'sbom'], { cwd: ROOT, maxBuffer: 2 ** 26 })
  const { bomFormat, components, dependencies } = JSON.parse(stdout) as Sbom
  expect(bomFormat).toBe('CycloneDX')
  const listed = components.map(({ name, version }) => `${name}@${version}`)
  const expected = locked.filter(([, { dev }]) => !dev).map(([path, { version }]) => `${nameOf(path)}@${version}`)
  expect([...new Set(listed)].sort()).toEqual([...new Set(expected)].sort())
  for (const { hashes } of components) expect(hashes?.map(({ alg }) => alg)).toContain('SHA-512')

  const refs = new Set(components.map((component) => component['bom-ref']))
  const needed = new Set(dependencies.flatMap(({ dependsOn }) => dependsOn))
  expect([...needed].filter((ref) => !refs.has(ref))).toEqual([])
  expect([...refs].filter((ref) => !needed.has(ref))).toEqual([])
})
