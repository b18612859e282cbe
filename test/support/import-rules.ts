import { posix } from 'node:path'
import { importsOf } from './imports.ts'

/** A file of ours: its path from the root of the project, and its text. */
export type Source = { readonly path: string; readonly text: string }

/**
 * Folders and files of src, top to bottom. A layer imports from layers below it. What shares a layer does not
 * import each other. `main` hands the command line to `cli`, and `app` loads `demo` into a new database and looks for
 * its remains in an old one: the first of each pair stands above the second.
 */
const LAYERS: readonly (readonly string[])[] = [
  ['main'],
  ['cli'],
  ['server', 'cluster'],
  ['app'],
  ['demo-remains'],
  ['demo'],
  ['admin', 'interaction', 'compat'],
  ['oauth'],
  ['customers', 'agents', 'clients', 'keys', 'audit', 'administrators'],
  ['storage', 'database'],
  ['http', 'config', 'log', 'metrics', 'cache', 'mail', 'tracing', 'webhook'],
]
const LEAVES = LAYERS.length - 1

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
  const edges = new Map<string, string[]>()
  for (const { from, to } of relativeImports(sources)) edges.set(from, [...(edges.get(from) ?? []), to])
  const done = new Set<string>()
  const cycles: string[] = []

  const visit = (path: string, trail: readonly string[]) => {
    const start = trail.indexOf(path)
    if (start >= 0) cycles.push([...trail.slice(start), path].join(' → '))
    if (start >= 0 || done.has(path)) return
    for (const next of edges.get(path) ?? []) visit(next, [...trail, path])
    done.add(path)
  }
  for (const path of [...edges.keys()].sort()) visit(path, [])
  return cycles
}

/** Relative imports without the file's own ending: Node runs src as it is and does not guess. */
export function endingViolations(sources: readonly Source[]): string[] {
  return sources.flatMap(({ path, text }) =>
    importsOf(text)
      .filter(({ specifier }) => specifier.startsWith('.') && !specifier.endsWith('.ts'))
      .map(({ specifier }) => `${path} → ${specifier}: relative imports end with .ts`),
  )
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
