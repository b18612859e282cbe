import { posix } from 'node:path'
import { importsOf } from './imports.ts'

/** A file of ours: its path from the root of the project, and its text. */
export type Source = { readonly path: string; readonly text: string }

/**
 * Folders and files of src, top to bottom. A layer imports from layers below it. What shares a layer does not
 * import each other. `main` hands the command line to `cli`, and `app` loads `demo` into a new database and looks for
 * its leftovers in an old one: the first of each pair stands above the second.
 */
const LAYERS: readonly (readonly string[])[] = [
  ['main'],
  ['cli'],
  ['server', 'cluster'],
  ['app'],
  ['leftover-demo-accounts'],
  ['demo'],
  ['admin', 'interaction', 'dialects', 'fast-path', 'signal-endpoints', 'client-endpoints'],
  ['oauth'],
  [
    'customers',
    'agents',
    'clients',
    'keys',
    'audit',
    'administrators',
    'token-history',
    'support-access',
    'upstreams',
    'issuers',
    'shared-signals',
    'client-sessions',
    'client-links',
    'mandates',
  ],
  ['credentials', 'outbox'],
  ['sign-in-endings'],
  ['storage', 'database'],
  [
    'http',
    'config',
    'log',
    'metrics',
    'cache',
    'gather',
    'random',
    'mail',
    'tracing',
    'webhook',
    'outgoing',
    'private-files',
    'disk-room',
  ],
  ['thrown', 'rounds', 'plain-text', 'json-text', 'address-segment', 'brand-colors', 'unknown-members'],
]
const LEAVES = LAYERS.length - 2

/** Imports that do not point down. Leaves may take types from each other. */
export function layerViolations(sources: readonly Source[]): string[] {
  return relativeImports(sources).flatMap(({ from, to, isTypeOnly }) => {
    const [unit, target] = [unitOf(from), unitOf(to)]
    if (unit === target && unit !== undefined) return []
    const said = `${from} → ${to}`
    const [layer, targetLayer] = [layerOf(unit), layerOf(target)]
    if (layer < 0) return [`${said}: src/${unit} has no layer, list it in test/support/import-rules.ts`]
    if (target === undefined) return [`${said}: src imports nothing from outside src`]
    if (targetLayer < 0) return [`${said}: src/${target} has no layer, list it in test/support/import-rules.ts`]
    if (targetLayer > layer) return []
    if (targetLayer < layer) return [`${said}: ${target} is above ${unit}, imports point down`]
    if (layer === LEAVES && isTypeOnly) return []
    return [`${said}: ${unit} and ${target} share a layer and do not import each other`]
  })
}

/** Chains of imports that come back to where they began, types included; each chain once. */
export function importCycles(sources: readonly Source[]): string[] {
  const edges = new Map<string, Set<string>>()
  for (const { from, to } of relativeImports(sources)) edges.set(from, (edges.get(from) ?? new Set()).add(to))
  return cyclesOf(edges)
}

function cyclesOf(edges: ReadonlyMap<string, ReadonlySet<string>>): string[] {
  const done = new Set<string>()
  const cycles: string[] = []

  const follow = (path: string, trail: readonly string[]) => {
    const start = trail.indexOf(path)
    if (start >= 0) cycles.push([...trail.slice(start), path].join(' → '))
    if (start >= 0 || done.has(path)) return
    for (const next of edges.get(path) ?? []) follow(next, [...trail, path])
    done.add(path)
  }
  for (const path of [...edges.keys()].sort()) follow(path, [])
  return cycles
}

/**
 * Circles between the rooms of one folder: its sub-folders, and each file that lies in the folder itself. Two rooms that
 * need each other are one room.
 */
export function roomCycles(sources: readonly Source[]): string[] {
  const edges = relativeImports(sources)
  const folders = new Set(sources.flatMap(({ path }) => parentsOf(path)))
  return [...folders].sort().flatMap((folder) => {
    const roomOf = (path: string) =>
      path.startsWith(`${folder}/`) ? path.slice(folder.length + 1).split('/')[0] : undefined
    const rooms = new Map<string, Set<string>>()
    for (const { from, to } of edges) {
      const [room, target] = [roomOf(from), roomOf(to)]
      if (room !== undefined && target !== undefined && room !== target)
        rooms.set(room, (rooms.get(room) ?? new Set()).add(target))
    }
    return cyclesOf(rooms).map((cycle) => `${folder}: ${cycle}`)
  })
}

/** Folders with more than `most` files of their own: rooms are missing. */
export function crowdedFolders(sources: readonly Source[], most: number): string[] {
  const counts = new Map<string, number>()
  for (const { path } of sources) counts.set(posix.dirname(path), (counts.get(posix.dirname(path)) ?? 0) + 1)
  return [...counts]
    .filter(([, count]) => count > most)
    .map(([folder, count]) => `${folder}: ${count} files, at most ${most}; divide it by what its files are about`)
}

/** Relative imports without the file's own ending: Node runs src as it is and does not guess. */
export function endingViolations(sources: readonly Source[]): string[] {
  return sources.flatMap(({ path, text }) =>
    importsOf(text)
      .filter(({ specifier }) => specifier.startsWith('.') && !specifier.endsWith('.ts'))
      .map(({ specifier }) => `${path} → ${specifier}: relative imports end with .ts`),
  )
}

/** `src/oauth/grants/password.ts` → `src`, `src/oauth`, `src/oauth/grants`. */
function parentsOf(path: string): string[] {
  const names = path.split('/').slice(0, -1)
  return names.map((_, index) => names.slice(0, index + 1).join('/'))
}

type Edge = { readonly from: string; readonly to: string; readonly isTypeOnly: boolean }

function relativeImports(sources: readonly Source[]): Edge[] {
  return sources.flatMap(({ path, text }) =>
    importsOf(text)
      .filter(({ specifier }) => specifier.startsWith('.'))
      .map(({ specifier, isTypeOnly }) => ({
        from: path,
        to: posix.join(posix.dirname(path), specifier),
        isTypeOnly,
      })),
  )
}

/** `src/oauth/grants/password.ts` → `oauth`, `src/log.ts` → `log`; undefined outside of src. */
function unitOf(path: string): string | undefined {
  return /^src\/([^/.]+)/.exec(path)?.[1]
}

function layerOf(unit: string | undefined): number {
  return LAYERS.findIndex((units) => unit !== undefined && units.includes(unit))
}
