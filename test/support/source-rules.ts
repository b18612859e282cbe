import { isBuiltin } from 'node:module'
import { posix } from 'node:path'
import type { Source } from './import-rules.ts'
import { importsOf, withoutComments } from './imports.ts'

type Home = {
  /** Where the package may be imported; a folder ends with a slash. */
  readonly values: readonly string[]
  /** Where only its types may be imported. */
  readonly types?: readonly string[]
  /** One file of the project, whichever it is. */
  readonly isOneFile?: true
  /** Installed by those who need it, and no dependency of ours. */
  readonly isOptional?: true
}

const DOMAIN = [
  'src/credentials/',
  'src/customers/',
  'src/agents/',
  'src/clients/',
  'src/keys/',
  'src/audit/',
  'src/administrators/',
  'src/token-history/',
  'src/support-access/',
  'src/mandates/',
  'src/upstreams/',
  'src/issuers/',
  'src/shared-signals/',
  'src/sign-in-endings/',
  'src/outbox/',
  'src/client-sessions/',
  'src/client-links/',
]
const HTTP_EDGES = [
  'src/admin/',
  'src/interaction/',
  'src/dialects/',
  'src/signal-endpoints/',
  'src/client-endpoints/',
  'src/http/',
]

/** Every third-party package that src uses, and its home. A new one is added here on purpose. */
const HOMES: Readonly<Record<string, Home>> = {
  'oidc-provider': { values: ['src/oauth/'] },
  ioredis: { values: ['src/storage/'] },
  knex: { values: ['src/database/'], types: ['src/storage/', ...DOMAIN, 'src/oauth/'] },
  pg: { values: ['src/database/'] },
  '@electric-sql/pglite': { values: ['src/database/'] },
  '@node-rs/argon2': { values: ['src/credentials/'] },
  '@node-rs/bcrypt': { values: ['src/credentials/'] },
  jose: { values: ['src/keys/', 'src/oauth/', 'src/upstreams/', 'src/issuers/'] },
  koa: { values: ['src/app/', 'src/admin/'], types: [...HTTP_EDGES, 'src/oauth/', 'src/app.ts', 'src/server.ts'] },
  'koa-compose': { values: ['src/oauth/', 'src/dialects/'] },
  '@koa/router': { values: HTTP_EDGES },
  pino: { values: ['src/log.ts', 'src/log/'] },
  'prom-client': { values: ['src/metrics.ts'] },
  '@opentelemetry/api': { values: ['src/tracing/open-telemetry.ts'] },
  '@opentelemetry/exporter-trace-otlp-http': { values: ['src/tracing/open-telemetry.ts'] },
  '@opentelemetry/resources': { values: ['src/tracing/open-telemetry.ts'] },
  '@opentelemetry/sdk-trace': { values: ['src/tracing/open-telemetry.ts'] },
  '@simplewebauthn/server': { values: ['src/credentials/'] },
  eta: { values: ['src/interaction/', 'src/admin/'] },
  graphql: { values: ['src/dialects/magento/'] },
  saxes: { values: ['src/dialects/magento/'] },
  otplib: { values: ['src/credentials/'] },
  uqr: { values: ['src/credentials/'] },
  leven: { values: ['src/unknown-members.ts'] },
  zod: { values: ['src/'] },
  pkcs11js: { values: ['src/keys/'], isOptional: true },
  nodemailer: { values: ['src/'], isOneFile: true },
}

/** Dependencies that another dependency loads by name, and no import shows. */
const LOADED_BY_NAME: Readonly<Record<string, string>> = { pg: "knex, for `client: 'pg'`" }

/** Packages imported away from their home, and packages that have none. */
export function homeViolations(sources: readonly Source[]): string[] {
  const uses = packageImports(sources)
  const astray = uses.flatMap(({ path, name, isTypeOnly }) => {
    const home = HOMES[name]
    if (!home) return [`${path} → ${name}: no home is listed for ${name} in test/support/source-rules.ts`]
    if (isWithin(path, home.values)) return []
    if (isTypeOnly && isWithin(path, home.types ?? [])) return []
    const typesOnly = isWithin(path, home.types ?? []) ? ', here its types only (import type)' : ''
    return [`${path} → ${name}: the home of ${name} is ${home.values.join(' and ')}${typesOnly}`]
  })
  const scattered = Object.keys(HOMES)
    .filter((name) => HOMES[name]?.isOneFile)
    .map((name) => ({ name, paths: [...new Set(uses.filter((use) => use.name === name).map(({ path }) => path))] }))
    .filter(({ paths }) => paths.length > 1)
    .map(({ name, paths }) => `${paths.join(', ')} → ${name}: only one file imports ${name}`)
  return [...astray, ...scattered]
}

/** Dependencies that nothing imports, and imports that are no dependency. */
export function dependencyViolations(sources: readonly Source[], dependencies: readonly string[]): string[] {
  const uses = packageImports(sources)
  return [
    ...dependencies
      .filter((name) => !(name in LOADED_BY_NAME) && !uses.some((use) => use.name === name))
      .map((name) => `package.json → ${name}: nothing in src imports this dependency`),
    ...uses
      .filter(({ name }) => !dependencies.includes(name) && !HOMES[name]?.isOptional)
      .map(({ path, name }) => `${path} → ${name}: not among the dependencies of package.json`),
  ]
}

/** Imports of a package in `packages/` that leave it: other packages than `allowed`, and files outside of its folder. */
export function packageViolations(sources: readonly Source[], allowed: readonly string[]): string[] {
  const outside = sources.flatMap(({ path, text }) => {
    const root = path.split('/').slice(0, 3).join('/')
    return importsOf(text)
      .filter(({ specifier }) => specifier.startsWith('.'))
      .filter(({ specifier }) => !posix.join(posix.dirname(path), specifier).startsWith(`${root}/`))
      .map(({ specifier }) => `${path} → ${specifier}: is outside of ${root}`)
  })
  const foreign = packageImports(sources)
    .filter(({ name }) => !allowed.includes(name))
    .map(({ path, name }) => `${path} → ${name}: a package has no dependency but ${allowed.join(', ')}`)
  return [...outside, ...foreign]
}

/** Default exports: a name that is chosen where it is imported cannot be searched for. Declarations describe others. */
export function defaultExportViolations(sources: readonly Source[]): string[] {
  const pattern = /^[ \t]*export\s+default\b|\bexport\s*\{(?:[^}]*\bas\s+default\b|(?:[^}]*,)?\s*default\s*[,}])/m
  return sources
    .filter(({ path, text }) => !path.endsWith('.d.ts') && pattern.test(withoutComments(text)))
    .map(({ path }) => `${path}: exports by name, not by default`)
}

/** Files other than `allowed` that read the environment. */
export function environmentViolations(sources: readonly Source[], allowed: readonly string[]): string[] {
  const pattern =
    /\bprocess\s*(?:\?\.|\.)\s*env\b|\bprocess\s*\[\s*['"]env['"]|\benv\b[^;\n]*from\s*['"](?:node:)?process['"]/
  return sources
    .filter(({ path, text }) => !allowed.includes(path) && pattern.test(withoutComments(text)))
    .map(({ path }) => `${path}: only ${allowed.join(' and ')} read process.env; take a Config`)
}

/** Files other than `allowed` that reach into the untyped state of a request. */
export function requestStateViolations(sources: readonly Source[], allowed: string): string[] {
  return sources
    .filter(({ path, text }) => path !== allowed && /\bctx\s*\.\s*state\b/.test(withoutComments(text)))
    .map(({ path }) => `${path}: takes the state of a request from requestState in ${allowed}`)
}

/** Log lines of warn and above that do not begin with a literal event: what is not in the text cannot be searched for. */
export function logEventViolations(sources: readonly Source[]): string[] {
  return sources.flatMap(({ path, text }) => {
    const lines = withoutComments(text).matchAll(
      /\blog\s*\.\s*(?:warn|error|fatal)\b(?!\s*\(\s*\{\s*event: '[a-z.-]+')/g,
    )
    return [...lines].map(([call]) => `${path}: ${call} begins with { event: '…' }, from src/log/events.ts`)
  })
}

function packageImports(sources: readonly Source[]): { path: string; name: string; isTypeOnly: boolean }[] {
  return sources.flatMap(({ path, text }) =>
    importsOf(text)
      .filter(({ specifier }) => !specifier.startsWith('.') && !isNodeModule(specifier))
      .map(({ specifier, isTypeOnly }) => ({ path, name: packageName(specifier), isTypeOnly })),
  )
}

function isNodeModule(specifier: string): boolean {
  return specifier.startsWith('node:') && isBuiltin(specifier)
}

function packageName(specifier: string): string {
  return specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/')
}

function isWithin(path: string, places: readonly string[]): boolean {
  return places.some((place) => (place.endsWith('/') ? path.startsWith(place) : path === place))
}
