import { randomUUID } from 'node:crypto'
import { mkdir, open, readdir, readFile, rename, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { codeOf } from '../../thrown.ts'
import { type KeyStore, KeyStoreError, type StoredKeys, withoutRemoved } from '../key-store.ts'
import { takeFileLock } from './file-lock.ts'
import { readKeyDocument, readTombstoneDocument, writeKeyDocument, writeTombstoneDocument } from './key-document.ts'
import type { Protector } from './protector.ts'

const KEY_FILE = /^[\w-]{43}\.json$/
const TOMBSTONE_FILE = /^[\w-]{43}\.removed\.json$/
const LOCK_FILE = '.lock'
const READ_ATTEMPTS = 20

export type FileStoreDeps = {
  readonly directory: string
  readonly protector: Protector
  readonly now: () => number
}

/**
 * One JWK file per key, `<kid>.json`, and `<kid>.removed.json` per removed one, so that a backup is a copy of the
 * directory. Files are 0600 and replaced by rename after fsync: a power cut leaves the old file or the new one.
 *
 * @throws {KeyStoreError} when the directory cannot be written.
 */
export async function openFileKeyStore({ directory, protector, now }: FileStoreDeps): Promise<KeyStore> {
  await explained(directory, () => mkdir(directory, { recursive: true, mode: 0o700 }))

  const load = () => explained(directory, () => readSettled(directory, protector))
  const write = (name: string, text: string) => explained(directory, () => replaceFile(directory, name, text))

  return {
    load,
    version: () => explained(directory, () => fingerprint(directory)),
    async exclusively(work) {
      const lock = await explained(directory, () => takeFileLock(join(directory, LOCK_FILE)))
      try {
        await removeLeftovers(directory)
        return await work({
          ...(await load()),
          now: now(),
          async save(record) {
            await lock.assertHeld()
            await write(`${record.kid}.json`, writeKeyDocument(record, protector))
          },
          async remove(tombstone) {
            await lock.assertHeld()
            await write(`${tombstone.kid}.removed.json`, writeTombstoneDocument(tombstone))
            await rm(join(directory, `${tombstone.kid}.json`), { force: true })
          },
        })
      } finally {
        await lock.release()
      }
    },
    close: async () => {},
  }
}

/** Reads again if files changed meanwhile: half of a rotation seen from outside could have no active key. */
async function readSettled(directory: string, protector: Protector): Promise<StoredKeys> {
  for (let attempt = 1; ; attempt++) {
    const before = await fingerprint(directory)
    const stored = await readAll(directory, protector)
    if (before === (await fingerprint(directory)) || attempt === READ_ATTEMPTS) return stored
  }
}

async function readAll(directory: string, protector: Protector): Promise<StoredKeys> {
  const names = (await readdir(directory)).sort()
  const texts = async (pattern: RegExp) => {
    const paths = names.filter((name) => pattern.test(name)).map((name) => join(directory, name))
    const read = await Promise.all(paths.map(async (path) => ({ path, text: await readIfThere(path) })))
    return read.flatMap(({ path, text }) => (text === undefined ? [] : [{ path, text }]))
  }
  // Keys first: one that is removed meanwhile then shows with its tombstone or not at all, never alive without it.
  const keys = await texts(KEY_FILE)
  const tombstones = (await texts(TOMBSTONE_FILE)).map(({ path, text }) => readTombstoneDocument(text, path))
  const removed = new Set(tombstones.map((tombstone) => tombstone.kid))
  const isRemoved = ({ path }: { path: string }) => [...removed].some((kid) => path.endsWith(`${kid}.json`))
  const kept = keys.filter((key) => !isRemoved(key))
  const records = await Promise.all(kept.map(({ path, text }) => readKeyDocument(text, path, protector)))
  return {
    ...withoutRemoved(records, tombstones),
    ignored: [...removed].filter((kid) => keys.some(({ path }) => path.endsWith(`${kid}.json`))),
  }
}

async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined
    throw error
  }
}

async function fingerprint(directory: string): Promise<string> {
  const names = (await readdir(directory)).filter((name) => name.endsWith('.json')).sort()
  const parts = await Promise.all(
    names.map((name) =>
      stat(join(directory, name)).then(
        ({ ino, size, mtimeMs }) => `${name}:${ino}:${size}:${mtimeMs}`,
        () => `${name}:gone`,
      ),
    ),
  )
  return parts.join('|')
}

async function replaceFile(directory: string, name: string, text: string): Promise<void> {
  const temporary = join(directory, `.${randomUUID()}.tmp`)
  const file = await open(temporary, 'wx', 0o600)
  try {
    await file.writeFile(text)
    await file.sync()
  } finally {
    await file.close()
  }
  await rename(temporary, join(directory, name))
  const handle = await open(directory, 'r')
  await handle.sync().finally(() => handle.close())
}

async function removeLeftovers(directory: string): Promise<void> {
  const leftovers = (await readdir(directory)).filter((name) => /^\..*\.tmp$/.test(name))
  await Promise.all(leftovers.map((name) => rm(join(directory, name), { force: true })))
}

async function explained<Result>(directory: string, work: () => Promise<Result>): Promise<Result> {
  try {
    return await work()
  } catch (error) {
    const { code, path } = error as NodeJS.ErrnoException // a system error has both, any other neither
    if (error instanceof KeyStoreError || code === undefined) throw error
    throw new KeyStoreError(
      `KEYS_URL points at ${directory}, where ${path ?? 'a file'} cannot be read or written (${code}). ` +
        'Make the directory and its files belong to the user that runs the server, or set KEYS_URL to another.',
    )
  }
}
