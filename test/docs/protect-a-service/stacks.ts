import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Backend, findJacksonJars, findPython, GO_JWT } from '../../support/binaries.ts'
import { installPacked } from '../../support/packed-resource-server.ts'

/** How the files of a page become a running service. */
export type Stack = {
  readonly name: string
  readonly page: string
  /** What it needs beyond Node. */
  readonly backend?: Backend
  /** What its page says and what is run instead: the time between two fetches for unknown keys, and what is not to be had here. */
  readonly changes: readonly (readonly [said: string, instead: string])[]
  /** Settings of its tools, which must look for nothing outside. */
  readonly env?: Readonly<Record<string, string>>
  /** What is run before the service, and makes it ready. */
  readonly build?: (directory: string) => readonly [command: string, ...args: string[]] | undefined
  /** It learns of revocations by the feed. */
  readonly followsFeed?: true
  readonly start: (directory: string, port: number) => readonly [command: string, ...args: string[]]
}

/** Instead of the 30 seconds of the pages, so that tests see keys that rotate. */
export const COOLDOWN_SECONDS = 2

/** Debian has version 4. */
const GO_JWT_PACKAGE = 'github.com/golang-jwt/jwt'

const node = (name: string, file: string): Stack => ({
  name,
  page: 'node.md',
  changes: [
    ['cooldownDuration: 30_000', `cooldownDuration: ${COOLDOWN_SECONDS * 1000}`],
    ['cooldownSeconds: 30', `cooldownSeconds: ${COOLDOWN_SECONDS}`],
  ],
  build(directory) {
    installPacked(directory, ['express', 'fastify', 'koa'])
    return undefined
  },
  start: () => [process.execPath, file],
})

/** Every stack that a page shows and that can be run here. */
export const STACKS: readonly Stack[] = [
  { ...node('Express', 'express-service.mjs'), followsFeed: true },
  { ...node('Fastify', 'fastify-service.mjs'), followsFeed: true },
  { ...node('Koa', 'koa-service.mjs'), followsFeed: true },
  node('jose', 'jose-service.mjs'),
  {
    name: 'Python',
    page: 'python.md',
    followsFeed: true,
    backend: 'python',
    changes: [['COOLDOWN_SECONDS = 30', `COOLDOWN_SECONDS = ${COOLDOWN_SECONDS}`]],
    start: () => [findPython() ?? 'python3', 'service.py'],
  },
  {
    name: 'PHP',
    page: 'php.md',
    followsFeed: true,
    backend: 'php',
    changes: [['COOLDOWN_SECONDS = 30', `COOLDOWN_SECONDS = ${COOLDOWN_SECONDS}`]],
    start: (_directory, port) => ['php', '-S', `127.0.0.1:${port}`, 'service.php'],
  },
  {
    name: 'Java',
    page: 'java.md',
    followsFeed: true,
    backend: 'java',
    changes: [['COOLDOWN_SECONDS = 30', `COOLDOWN_SECONDS = ${COOLDOWN_SECONDS}`]],
    build: () => ['javac', '-cp', jackson(), 'AccessToken.java', 'Revocations.java', 'Service.java'],
    start: () => ['java', '-XX:TieredStopAtLevel=1', '-cp', `${jackson()}:.`, 'Service'],
  },
  {
    name: 'Go',
    page: 'go.md',
    followsFeed: true,
    backend: 'go',
    env: { GOFLAGS: '-mod=mod', GOPROXY: 'off' },
    changes: [
      ['cooldownTime = 30 * time.Second', `cooldownTime = ${COOLDOWN_SECONDS} * time.Second`],
      [`${GO_JWT_PACKAGE}/v5`, `${GO_JWT_PACKAGE}/v4`],
    ],
    build(directory) {
      const module = `module orders\n\ngo 1.19\n\nrequire ${GO_JWT_PACKAGE}/v4 v4.4.3\n`
      writeFileSync(join(directory, 'go.mod'), `${module}\nreplace ${GO_JWT_PACKAGE}/v4 => ${GO_JWT}\n`)
      return ['go', 'build', '-o', 'orders', '.']
    },
    start: (directory) => [join(directory, 'orders')],
  },
]

function jackson(): string {
  return findJacksonJars()?.join(':') ?? ''
}
