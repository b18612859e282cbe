import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const read = (path: string) => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8')

type Locked = { readonly version: string; readonly integrity?: string; readonly resolved?: string; readonly dev?: true }
type Component = { readonly name: string; readonly version: string; readonly hashes?: readonly { alg: string }[] }

const { packages } = JSON.parse(read('package-lock.json')) as { packages: Record<string, Locked> }
const locked = Object.entries(packages).filter(([path]) => path !== '')

test('every locked package is pinned to its content, and the lockfile names no registry', () => {
  expect(locked.length).toBeGreaterThan(100)
  expect(locked.filter(([, { integrity }]) => !integrity?.startsWith('sha512-')).map(([path]) => path)).toEqual([])
  expect(locked.filter(([, { resolved }]) => resolved !== undefined).map(([path]) => path)).toEqual([])
})

test('"npm run sbom" lists every package that runs in production with its version and hash, and none for development', async () => {
  const run = promisify(execFile)
  const { stdout } = await run('npm', ['--silent', 'run', 'sbom'], { cwd: ROOT, maxBuffer: 2 ** 26 })
  const { bomFormat, components } = JSON.parse(stdout) as { bomFormat: string; components: Component[] }
  expect(bomFormat).toBe('CycloneDX')
  const { dependencies, devDependencies } = JSON.parse(read('package.json')) as Record<string, Record<string, string>>
  const names = components.map(({ name }) => name)
  expect(names).toEqual(expect.arrayContaining(Object.keys({ ...dependencies })))
  expect(Object.keys({ ...devDependencies }).filter((name) => names.includes(name))).toEqual([])
  for (const { name, version, hashes } of components) {
    const known = Object.entries(packages).filter(([path]) => path.endsWith(`node_modules/${name}`))
    expect(known.map(([, each]) => each.version)).toContain(version)
    expect(hashes?.map(({ alg }) => alg)).toContain('SHA-512')
  }
}, 60_000)
