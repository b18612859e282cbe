import type { Artifact, StoredArtifact } from './storage.ts'

/**
 * Memory is what a session costs in Redis, so names that occur in every session are written short. What is written
 * stays for months: a short form is never given another meaning.
 */
const SHORT: Readonly<Record<string, string>> = {
  accountId: 'a',
  clientId: 'c',
  digest: 'd',
  exp: 'e',
  grantId: 'g',
  gty: 't',
  iat: 'i',
  iiat: 'f',
  authTime: 'h',
  createdAtMs: 'm',
  openid: 'o',
  resource: 'r',
  resources: 'R',
  rotatedAt: 'l',
  rotations: 'n',
  scope: 's',
  companyUserId: 'u',
  actingAgentId: 'A',
  grantKeptUntil: 'k',
}
const LONG: Readonly<Record<string, string>> = Object.fromEntries(
  Object.entries(SHORT).map(([long, short]) => [short, long]),
)
/** Before a name that would otherwise be taken for a short form. */
const ESCAPE = '~'

/** What Redis keeps of an artifact: `version consumedAt json`, consumedAt 0 while unused. */
export function encode(artifact: Artifact, version: number): string {
  return `${version} 0 ${JSON.stringify(rename(artifact, shorten))}`
}

export function decode(value: string | null): StoredArtifact | undefined {
  if (value === null) return undefined
  const first = value.indexOf(' ')
  const second = value.indexOf(' ', first + 1)
  const consumedAt = Number(value.slice(first + 1, second))
  return {
    artifact: rename(JSON.parse(value.slice(second + 1)) as Artifact, lengthen), // written by `encode`
    version: Number(value.slice(0, first)),
    ...(consumedAt > 0 && { consumedAt }),
  }
}

/** Every read and write comes by here, so it makes one object and nothing else. */
function rename(artifact: Artifact, name: (given: string) => string): Artifact {
  const renamed: Record<string, unknown> = {}
  for (const given in artifact) renamed[name(given)] = artifact[given]
  return renamed
}

function shorten(name: string): string {
  return SHORT[name] ?? (name in LONG || name.startsWith(ESCAPE) ? `${ESCAPE}${name}` : name)
}

function lengthen(name: string): string {
  return name.startsWith(ESCAPE) ? name.slice(ESCAPE.length) : (LONG[name] ?? name)
}
