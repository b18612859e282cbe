import { execFileSync } from 'node:child_process'
import { symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { temporaryDirectory } from './run-directory.ts'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))

export type PreviousRelease = { readonly commit: string; readonly name: string }

/**
 * What ran before this version, out of this checkout's own history: the newest release tag, or, while nothing is
 * released, the last commit with other migrations than these. Undefined where there is no history, or too little of it.
 */
export function findPreviousRelease(): PreviousRelease | undefined {
  try {
    return taggedRelease() ?? lastOtherSchema()
  } catch {
    return undefined
  }
}

/** Lays the previous release out beside this one, with the packages of this one; returns its program. */
export function checkOutPrevious({ commit }: PreviousRelease): string {
  const directory = temporaryDirectory('previous')
  const archive = execFileSync('git', ['archive', commit, 'bin', 'src', 'migrations', 'views', 'package.json'], {
    cwd: ROOT,
    maxBuffer: 64 * 1024 * 1024,
  })
  execFileSync('tar', ['-x', '-C', directory], { input: archive })
  symlinkSync(join(ROOT, 'node_modules'), join(directory, 'node_modules'))
  return join(directory, 'bin/vestibule.js')
}

function taggedRelease(): PreviousRelease | undefined {
  const head = git('rev-parse', 'HEAD')
  const tags = git('tag', '--list', 'v*', '--merged', 'HEAD', '--sort=-version:refname').split('\n').filter(Boolean)
  return tags
    .map((name) => ({ name, commit: git('rev-parse', `${name}^{commit}`) }))
    .find(({ commit }) => commit !== head)
}

function lastOtherSchema(): PreviousRelease {
  const isChanged = git('status', '--porcelain', '--', 'migrations') !== ''
  const last = isChanged ? 'HEAD' : `${git('log', '-1', '--format=%H', '--', 'migrations')}^`
  const commit = git('rev-parse', '--verify', `${last}^{commit}`)
  return { commit, name: commit.slice(0, 8) }
}

function git(...args: string[]): string {
  return execFileSync('git', args, { cwd: ROOT, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim()
}
