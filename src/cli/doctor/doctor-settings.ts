import { existsSync, globSync, statSync } from 'node:fs'
import { join } from 'node:path'
import type { Config } from '../../config.ts'
import { bad, type Finding, ok } from './findings.ts'

/** What the settings and the files they name say by themselves. */
export function examineSettings(config: Config): Finding[] {
  return [...secretFiles(config), cookies(config)]
}

function secretFiles({ KEYS_URL, KEY_ENCRYPTION_KEY, DATA_DIR }: Config): Finding[] {
  const access = join(DATA_DIR, 'admin.json')
  const directory = KEYS_URL.startsWith('file:') ? KEYS_URL.slice('file:'.length) : undefined
  const keyFiles =
    directory === undefined ? [] : globSync('*.json', { cwd: directory }).map((file) => join(directory, file))
  const open = [access, ...keyFiles].filter((path) => existsSync(path) && isReadableByOthers(path))
  if (open.length > 0) {
    return [bad('secret files', `other users of this machine can read ${open.join(', ')}. Run "chmod 600" on it.`)]
  }
  const isBare = directory !== undefined && !KEY_ENCRYPTION_KEY
  return [
    ok(
      'secret files',
      isBare
        ? 'file permissions protect the private keys; set KEY_ENCRYPTION_KEY to encrypt them as well'
        : 'other users cannot read them',
    ),
  ]
}

function cookies({ ISSUER, COOKIE_KEYS }: Config): Finding {
  const { protocol, hostname } = new URL(ISSUER)
  const isLoopback = /^(localhost|127(\.\d+){3}|\[::1\]|.*\.localhost)$/.test(hostname)
  if (protocol !== 'https:' && !isLoopback) {
    const risk = 'cookies and passwords go over the network unencrypted'
    return bad(
      'cookies',
      `ISSUER is ${ISSUER}: ${risk}. Put a proxy with TLS in front, and set ISSUER to its https address.`,
    )
  }
  const secrecy = protocol === 'https:' ? 'sent over TLS only' : 'the issuer is plain http, on loopback'
  return ok(
    'cookies',
    `${secrecy}; ${COOKIE_KEYS ? 'signed with COOKIE_KEYS' : 'signed with keys kept in the database'}`,
  )
}

function isReadableByOthers(path: string): boolean {
  return (statSync(path).mode & 0o077) !== 0
}
