import { execFileSync } from 'node:child_process'
import { cpSync, mkdirSync, symlinkSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { temporaryDirectory } from './run-directory.ts'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const NODE_MODULES = join(ROOT, 'node_modules')

export type Packed = {
  /** The tarball, as `npm publish` would send it. */
  readonly tarball: string
  /** What the tarball holds, unpacked. */
  readonly directory: string
}

const packed = new Map<string, Packed>()

/** Packs packages/resource-server once in a process, from a copy: tests that run beside each other share no `dist`. */
export function packedResourceServer(): Packed {
  return packedOnce('resource-server')
}

/** The same of packages/sign-in. */
export function packedSignIn(): Packed {
  return packedOnce('sign-in')
}

function packedOnce(name: string): Packed {
  const found = packed.get(name) ?? pack(name)
  packed.set(name, found)
  return found
}

function pack(name: string): Packed {
  const directory = temporaryDirectory(name)
  const source = join(directory, 'source')
  const original = join(ROOT, 'packages', name)
  cpSync(original, source, {
    recursive: true,
    filter: (path) => !/\/(dist|node_modules)(\/|$)/.test(path.slice(original.length)),
  })
  symlinkSync(NODE_MODULES, join(source, 'node_modules'))
  const env = { ...process.env, PATH: `${join(NODE_MODULES, '.bin')}:${dirname(process.execPath)}:${process.env.PATH}` }
  const [{ filename }] = JSON.parse(
    execFileSync('npm', ['pack', '--json', '--loglevel=error', '--pack-destination', directory], {
      cwd: source,
      env,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
    }).replace(/^[^[{]*\n(?=[[{])/s, ''),
  )
  execFileSync('tar', ['-xzf', join(directory, filename), '-C', directory])
  return { tarball: join(directory, filename), directory: join(directory, 'package') }
}

/** The paths of the files in a tarball. */
export function filesIn({ tarball }: Packed): string[] {
  const listed = execFileSync('tar', ['-tzf', tarball], { encoding: 'utf8' })
  return listed
    .trim()
    .split('\n')
    .map((path) => path.replace(/^package\//, ''))
}

/** Makes `node_modules` in `directory`: the package as it is published, and of ours the others that are named. */
export function installPacked(directory: string, others: readonly string[]): void {
  const modules = join(directory, 'node_modules')
  mkdirSync(join(modules, '@vestibule'), { recursive: true })
  cpSync(packedResourceServer().directory, join(modules, '@vestibule/resource-server'), { recursive: true })
  for (const name of ['jose', ...others]) symlinkSync(join(NODE_MODULES, name), join(modules, name))
}
