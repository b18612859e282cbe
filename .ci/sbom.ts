import { randomUUID } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { posix } from 'node:path'

/**
 * Prints what runs in production as CycloneDX 1.6, from the lockfile and without a network. `npm sbom` leaves packages
 * out: by `--omit dev` those of which a development package brings another version, and in npm 11 some more.
 */
type Locked = {
  readonly name?: string
  readonly version: string
  readonly integrity?: string
  readonly license?: string
  readonly dev?: true
  readonly link?: true
  readonly dependencies?: Readonly<Record<string, string>>
  readonly optionalDependencies?: Readonly<Record<string, string>>
}

const MODULES = 'node_modules/'
const lockfile = readFileSync(new URL('../package-lock.json', import.meta.url), 'utf8')
const { packages } = JSON.parse(lockfile) as { packages: Readonly<Record<string, Locked>> }
const root = packages[''] as Locked
/** Workspaces are packages of ours for others, and no part of the server. */
const production = Object.entries(packages).filter(([path, { dev, link }]) => path.startsWith(MODULES) && !dev && !link)

function nameOf(path: string): string {
  return path.slice(path.lastIndexOf(MODULES) + MODULES.length)
}

/** A package URL; the `@` of a scope is written as `%40`. */
function purl(name: string, version: string): string {
  return `pkg:npm/${name.replace(/^@/, '%40')}@${version}`
}

function refOf(path: string): string {
  const found = packages[path] as Locked
  return path === '' ? purl(String(found.name), found.version) : purl(nameOf(path), found.version)
}

/** Where Node finds `name` from the package at `path`: beside it, or further up. */
function resolve(path: string, name: string): string | undefined {
  for (let folder = path; ; folder = posix.dirname(posix.dirname(`${folder}/`))) {
    const candidate = folder === '' || folder === '.' ? MODULES + name : `${folder}/${MODULES}${name}`
    if (candidate in packages) return candidate
    if (folder === '' || folder === '.') return undefined
  }
}

function component(path: string, { version, integrity, license }: Locked) {
  const [, digest] = /^sha512-(.+)$/.exec(integrity ?? '') ?? []
  return {
    type: 'library',
    'bom-ref': refOf(path),
    name: nameOf(path),
    version,
    purl: refOf(path),
    ...(digest && { hashes: [{ alg: 'SHA-512', content: Buffer.from(digest, 'base64').toString('hex') }] }),
    ...(license && { licenses: [/ (OR|AND) /.test(license) ? { expression: license } : { license: { id: license } }] }),
  }
}

function edges(path: string, { dependencies, optionalDependencies }: Locked) {
  const found = Object.keys({ ...dependencies, ...optionalDependencies }).flatMap((name) => resolve(path, name) ?? [])
  return { ref: refOf(path), dependsOn: [...new Set(found.map(refOf))].sort() }
}

const application = { type: 'application', 'bom-ref': refOf(''), name: root.name, version: root.version }
const components = new Map(production.map(([path, locked]) => [refOf(path), component(path, locked)]))
const dependencies = new Map(
  [['', root] as const, ...production].map(([path, locked]) => [refOf(path), edges(path, locked)]),
)
const sbom = {
  bomFormat: 'CycloneDX',
  specVersion: '1.6',
  serialNumber: `urn:uuid:${randomUUID()}`,
  version: 1,
  metadata: { timestamp: new Date().toISOString(), component: application },
  components: [...components.values()],
  dependencies: [...dependencies.values()],
}
process.stdout.write(`${JSON.stringify(sbom, null, 2)}\n`)
