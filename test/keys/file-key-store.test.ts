import { execFile } from 'node:child_process'
import { copyFileSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { describe, expect, test } from 'vitest'
import { openKeyStore } from '../../src/keys/stores/index.ts'
import { temporaryDirectory } from '../support/run-directory.ts'
import { keyStoreContract, newKey, SECRET } from './key-store-contract.ts'

const RACER = fileURLToPath(new URL('./racing-process.ts', import.meta.url))

describe('the file key store', () => {
  keyStoreContract(async () => {
    const directory = temporaryDirectory('keys')
    return {
      open: (KEY_ENCRYPTION_KEY) => openKeyStore({ KEYS_URL: `file:${directory}`, KEY_ENCRYPTION_KEY }),
      dump: async () => readAll(directory),
      close: async () => {},
    }
  })

  test('each key is one JWK file that only its owner can read', async () => {
    const { directory, store } = await openEmpty()
    const record = await newKey('RS256')
    await store.exclusively((held) => held.save(record))
    const path = join(directory, `${record.kid}.json`)
    expect(statSync(path).mode & 0o777).toBe(0o600)
    expect(JSON.parse(readFileSync(path, 'utf8'))).toMatchObject({
      kty: 'RSA',
      alg: 'RS256',
      kid: record.kid,
      state: 'pending',
    })
  })

  test('a key file copied back after its removal stays dead', async () => {
    const { directory, store } = await openEmpty()
    const record = await newKey('ES256')
    await store.exclusively((held) => held.save(record))
    const path = join(directory, `${record.kid}.json`)
    const backup = join(temporaryDirectory('backup'), 'key.json')
    copyFileSync(path, backup)
    await store.exclusively((held) => held.remove({ kid: record.kid, algorithm: 'ES256', removedAt: 1 }))
    copyFileSync(backup, path)
    expect(await store.load()).toMatchObject({ records: [], ignored: [record.kid] })
  })

  test('a changed key file is refused by name, and so is one under a foreign kid', async () => {
    const { directory, store } = await openEmpty()
    const record = await newKey('ES256')
    await store.exclusively((held) => held.save(record))
    const path = join(directory, `${record.kid}.json`)
    const other = await newKey('ES256')
    writeFileSync(path, JSON.stringify({ ...JSON.parse(readFileSync(path, 'utf8')), x: other.publicJwk.x }))
    await expect(store.load()).rejects.toThrow(`${path} does not match its kid`)
    writeFileSync(path, '{"half')
    await expect(store.load()).rejects.toThrow(`${path} is not a readable signing key`)
  })

  test('a directory that cannot be used names KEYS_URL and the fix', async () => {
    const file = join(temporaryDirectory('keys'), 'file')
    writeFileSync(file, '')
    await expect(openKeyStore({ KEYS_URL: `file:${file}` })).rejects.toThrow(/^KEYS_URL points at .*belong to the user/)
    await expect(openKeyStore({ KEYS_URL: 'ftp:keys' })).rejects.toThrow('It must start with file: or sql:')
    await expect(openKeyStore({ KEYS_URL: 'file:keys', KEY_ENCRYPTION_KEY: 'short' })).rejects.toThrow(/at least 16/)
  })

  test('what a crash left behind, a half-written file or a lock, is cleared away', async () => {
    const { directory, store } = await openEmpty()
    writeFileSync(join(directory, '.abc.tmp'), 'half')
    writeFileSync(join(directory, '.lock'), JSON.stringify({ pid: await pidOfTheDead(), host: hostname() }))
    await store.exclusively((held) => held.save({ ...(held.records[0] ?? recordForLater) }))
    expect(readdirSync(directory)).toEqual([`${recordForLater.kid}.json`])
  })

  test('six processes that start at once on an empty directory make one key set', async () => {
    const directory = join(temporaryDirectory('keys'), 'made-by-the-first')
    const run = () => promisify(execFile)(process.execPath, [RACER, directory])
    const answers = (await Promise.all(Array.from({ length: 6 }, run))).map(({ stdout }) => stdout)
    expect(new Set(answers).size).toBe(1)
    expect(readdirSync(directory).filter((name) => name.endsWith('.json'))).toHaveLength(2)
  })
})

const recordForLater = await newKey('ES256')

async function openEmpty() {
  const directory = temporaryDirectory('keys')
  return { directory, store: await openKeyStore({ KEYS_URL: `file:${directory}`, KEY_ENCRYPTION_KEY: SECRET }) }
}

function readAll(directory: string): string {
  return readdirSync(directory)
    .map((name) => readFileSync(join(directory, name), 'utf8'))
    .join('\n')
}

async function pidOfTheDead(): Promise<number> {
  const { stdout } = await promisify(execFile)(process.execPath, ['-p', 'process.pid'])
  return Number(stdout)
}
