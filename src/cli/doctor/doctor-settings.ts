import { globSync } from 'node:fs'
import { join } from 'node:path'
import type { Setting } from '../../config/setting.ts'
import { type Config, isLoopbackIssuer, settings } from '../../config.ts'
import { isOpenToOthers } from '../../private-files.ts'
import { bad, type Finding, ok } from './findings.ts'

/** What the settings and the files they name say by themselves. */
export function examineSettings(config: Config, environment: NodeJS.ProcessEnv): Finding[] {
  return [...secretFiles(config, environment), cookies(config), ...unknownClients(config), ...registration(config)]
}

/** What an orchestrator mounts is for one container, whatever its rights are. */
const MOUNTED = '/run/secrets/'

/** The files from which secrets are read by NAME_FILE. */
function filesOfSecrets(environment: NodeJS.ProcessEnv): string[] {
  return Object.entries<Setting>(settings)
    .filter(([, { secret }]) => secret)
    .flatMap(([name]) => environment[`${name}_FILE`] || [])
    .filter((path) => !path.startsWith(MOUNTED))
}

function secretFiles({ KEYS_URL, KEY_ENCRYPTION_KEY, DATA_DIR }: Config, environment: NodeJS.ProcessEnv): Finding[] {
  const directory = KEYS_URL.startsWith('file:') ? KEYS_URL.slice('file:'.length) : undefined
  const keyFiles =
    directory === undefined ? [] : globSync('*.json', { cwd: directory }).map((file) => join(directory, file))
  const inDataDir = ['admin.json', 'postgres', 'storage.sqlite', 'outbox'].map((name) => join(DATA_DIR, name))
  const ofKeys = directory ? [directory, ...keyFiles] : []
  const open = [DATA_DIR, ...inDataDir, ...ofKeys, ...filesOfSecrets(environment)].filter(isOpenToOthers)
  if (open.length > 0) {
    const fix = 'Run "chmod 600" on the files and "chmod 700" on the directories, as the user that runs the server.'
    return [bad('secret files', `other users of this machine can read ${open.join(', ')}. ${fix}`)]
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

/** Nothing to say where they are off. */
function unknownClients({
  CLIENT_METADATA_DOCUMENTS: mode,
  CLIENT_METADATA_HOSTS: hosts,
  NODE_ENV,
}: Config): Finding[] {
  if (mode === 'off') return []
  if (mode === 'listed') return [ok('unknown clients', `documents of ${hosts.join(', ')} are let in`)]
  const risk = 'any program can ask customers for access, and those who trust its name give it'
  if (NODE_ENV !== 'production') return [ok('unknown clients', `CLIENT_METADATA_DOCUMENTS is open: ${risk}`)]
  const fix =
    'Set it to listed and name hosts in CLIENT_METADATA_HOSTS, or watch "npx vestibule client-documents list".'
  return [bad('unknown clients', `CLIENT_METADATA_DOCUMENTS is open in production: ${risk}. ${fix}`)]
}

/** Nothing to say where it is off. */
function registration({ DYNAMIC_REGISTRATION: mode, NODE_ENV }: Config): Finding[] {
  if (mode === 'off') return []
  if (mode === 'token') return [ok('registration', 'software registers itself with a token of an operator')]
  const risk = 'every program becomes a client by itself, and customers alone decide what it may do'
  if (NODE_ENV !== 'production') return [ok('registration', `DYNAMIC_REGISTRATION is open: ${risk}`)]
  const fix =
    'Set it to token and give tokens ("npx vestibule initial-tokens create"), or watch the metric vestibule_client_registrations_total.'
  return [bad('registration', `DYNAMIC_REGISTRATION is open in production: ${risk}. ${fix}`)]
}

function cookies({ ISSUER, COOKIE_KEYS }: Config): Finding {
  const { protocol } = new URL(ISSUER)
  if (protocol !== 'https:' && !isLoopbackIssuer(ISSUER)) {
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
