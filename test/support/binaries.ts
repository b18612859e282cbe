import { spawnSync } from 'node:child_process'
import { accessSync, constants, existsSync, readdirSync } from 'node:fs'
import { createRequire } from 'node:module'
import { delimiter, join } from 'node:path'
import { findPreviousRelease } from './previous-release.ts'
import { canMount } from './small-disk.ts'

/** What a suite may need beyond Node. */
export type Backend =
  | 'postgres'
  | 'redis'
  | 'cluster'
  | 'sentinel'
  | 'chromium'
  | 'softhsm'
  | 'smalldisk'
  | 'nginx'
  | 'php'
  | 'python'
  | 'java'
  | 'go'
  | 'history'

type Need = { readonly title: string; readonly find: () => string | undefined; readonly fix: string }

/** Where Debian keeps the sources of golang-jwt. */
export const GO_JWT = '/usr/share/gocode/src/github.com/golang-jwt/jwt'

/** Trying takes a mount. */
let mayMount: boolean | undefined

const redisFix = 'redis-server not found, apt-get install redis-server'

/** Each backend with its binary and what to do when there is none. */
export const backends: Readonly<Record<Backend, Need>> = {
  postgres: {
    title: 'Postgres',
    find: findPostgres,
    fix: 'initdb and postgres not found, apt-get install postgresql',
  },
  redis: { title: 'Redis', find: findRedis, fix: redisFix },
  cluster: { title: 'Redis Cluster', find: findRedis, fix: redisFix },
  sentinel: { title: 'Redis Sentinel', find: findRedis, fix: redisFix },
  chromium: { title: 'Chromium', find: findChromium, fix: 'chromium not found, apt-get install chromium' },
  php: { title: 'PHP', find: findPhp, fix: 'php with openssl not found, apt-get install php-cli' },
  python: {
    title: 'Python',
    find: findPython,
    fix: 'PyJWT not found, apt-get install python3-jwt python3-cryptography',
  },
  java: {
    title: 'Java',
    find: () => (onPath('java') && findJacksonJars() ? onPath('javac') : undefined),
    fix: 'a JDK or Jackson not found, apt-get install default-jdk-headless libjackson2-databind-java',
  },
  go: {
    title: 'Go',
    find: () => (existsSync(GO_JWT) ? onPath('go') : undefined),
    fix: 'Go or golang-jwt not found, apt-get install golang-go golang-github-golang-jwt-jwt-dev',
  },
  smalldisk: {
    title: 'A small disk',
    find: () => {
      mayMount ??= canMount()
      return mayMount ? 'mount' : undefined
    },
    fix: 'a small file system cannot be mounted here, run as root on Linux',
  },
  softhsm: {
    title: 'SoftHSM2',
    find: findSoftHsm,
    fix: 'SoftHSM2 or pkcs11js not found, apt-get install softhsm2 and npm install --no-save pkcs11js@2',
  },
  nginx: { title: 'nginx', find: findNginx, fix: 'nginx or openssl not found, apt-get install nginx-light openssl' },
  history: {
    title: 'the previous release',
    find: () => findPreviousRelease()?.commit,
    fix: 'no earlier version in this checkout, git fetch --unshallow --tags',
  },
}

/** Why suites on `backend` cannot run on this machine, with the fix; undefined when they can. */
export function whyMissing(backend: Backend): string | undefined {
  return backends[backend].find() ? undefined : backends[backend].fix
}

/** The directory that holds `initdb` and `postgres`; Debian keeps them off PATH. */
export function findPostgres(): string | undefined {
  return [...pathDirectories(), ...debianPostgres()].find((directory) =>
    ['initdb', 'postgres'].every((name) => isExecutable(join(directory, name))),
  )
}

/** The path of `redis-server`; it serves as Sentinel too. */
export function findRedis(): string | undefined {
  return onPath('redis-server')
}

/** The path of Chromium or Chrome. */
export function findChromium(): string | undefined {
  return onPath('chromium') ?? onPath('chromium-browser') ?? onPath('google-chrome')
}

/** The path of nginx; Debian keeps it off the PATH of users. Its certificates are made by openssl. */
export function findNginx(): string | undefined {
  const path = onPath('nginx') ?? ['/usr/sbin/nginx'].find(isExecutable)
  return onPath('openssl') ? path : undefined
}

/** The path of `php`, where it has the openssl extension. */
export function findPhp(): string | undefined {
  const php = onPath('php')
  const hasOpenssl = php && spawnSync(php, ['-r', 'exit(extension_loaded("openssl") ? 0 : 1);']).status === 0
  return hasOpenssl ? php : undefined
}

/** A Python that has PyJWT and what it checks signatures with: Debian's packages are seen by Debian's Python alone. */
export function findPython(): string | undefined {
  const candidates = [onPath('python3'), '/usr/bin/python3'].filter((path) => path !== undefined && isExecutable(path))
  return candidates.find((path) => spawnSync(path as string, ['-c', 'import jwt, cryptography']).status === 0)
}

/** The jars of Jackson, where all of them are installed. */
export function findJacksonJars(): readonly string[] | undefined {
  const jars = ['databind', 'core', 'annotations'].map((part) => `/usr/share/java/jackson-${part}.jar`)
  return jars.every((jar) => existsSync(jar)) ? jars : undefined
}

/** The PKCS#11 library of SoftHSM2, where the package that loads such libraries is installed too. */
export function findSoftHsm(): string | undefined {
  try {
    createRequire(import.meta.url).resolve('pkcs11js')
  } catch {
    return undefined
  }
  const library = '/usr/lib/softhsm/libsofthsm2.so'
  return onPath('softhsm2-util') && existsSync(library) ? library : undefined
}

/** Says every backend that CI must have and that is not here; undefined when CI is not set or nothing is missing. */
export function whyCiCannotRun(environment: Readonly<Record<string, string | undefined>>): string | undefined {
  if (!environment.CI || environment.CI === 'false') return undefined
  const reasons = (['redis', 'postgres', 'chromium'] as const).flatMap((backend) => whyMissing(backend) ?? [])
  return reasons.length > 0 ? `CI is set, so no suite may be left out: ${reasons.join('; ')}.` : undefined
}

function onPath(name: string): string | undefined {
  return pathDirectories()
    .map((directory) => join(directory, name))
    .find(isExecutable)
}

function pathDirectories(): string[] {
  return (process.env.PATH ?? '').split(delimiter).filter(Boolean)
}

function debianPostgres(): string[] {
  const root = '/usr/lib/postgresql'
  try {
    return readdirSync(root)
      .sort((a, b) => Number(b) - Number(a))
      .map((version) => join(root, version, 'bin'))
  } catch {
    return []
  }
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}
