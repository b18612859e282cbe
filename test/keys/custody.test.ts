import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { createKeyOperations } from '../../src/keys/ring/key-operations.ts'
import { openKeyRing } from '../../src/keys/ring/key-ring.ts'
import { openSigner } from '../../src/keys/signers/open-signer.ts'
import { inProcessSigner, type Signer } from '../../src/keys/signers/signer.ts'
import type { SigningAlgorithm } from '../../src/keys/signing-key.ts'
import { openKeyStore } from '../../src/keys/stores/index.ts'
import { findSoftHsm } from '../support/binaries.ts'
import { describeOn } from '../support/describe-on.ts'
import { temporaryDirectory } from '../support/run-directory.ts'
import { issue, verify } from './jws.ts'
import { quiet } from './quiet-log.ts'
import { startVaultDouble } from './vault-double.ts'

const ALL: readonly SigningAlgorithm[] = ['ES256', 'RS256', 'PS256', 'EdDSA']
const SOFTHSM = findSoftHsm()

describe("keys in Vault's transit engine", () => {
  let vault: Awaited<ReturnType<typeof startVaultDouble>>
  beforeAll(async () => {
    vault = await startVaultDouble('the-token')
  })
  afterAll(() => vault.stop())

  contract(() => openSigner({ SIGNER_URL: vault.url, SIGNER_SECRET: 'the-token' }))

  test('a removed key is deleted from Vault', async () => {
    const signer = await openSigner({ SIGNER_URL: vault.url, SIGNER_SECRET: 'the-token' })
    const ring = await openRing(signer)
    const before = vault.keyNames().length
    await createKeyOperations(ring).revoke(ring.keys()[1]?.kid ?? '')
    // The waiting key went and another was made in its place.
    expect(vault.keyNames()).toHaveLength(before)
  })

  test('an address that does not answer and a token that is refused are said by setting', async () => {
    await expect(openSigner({ SIGNER_URL: vault.url, SIGNER_SECRET: 'wrong' })).rejects.toThrow(
      /SIGNER_URL answers 403.*SIGNER_SECRET/,
    )
    await expect(openSigner({ SIGNER_URL: 'vault:http://127.0.0.1:1', SIGNER_SECRET: 'x' })).rejects.toThrow(
      /SIGNER_URL does not answer/,
    )
    await expect(openSigner({ SIGNER_URL: vault.url })).rejects.toThrow(/SIGNER_SECRET is unset/)
    await expect(openSigner({ SIGNER_URL: 'aws:kms', SIGNER_SECRET: 'x' })).rejects.toThrow(/pkcs11: or vault:/)
  })
})

describeOn('softhsm', 'keys on a PKCS#11 token', () => {
  const url = `pkcs11:token=vestibule?module-path=${SOFTHSM}`
  let signer: Signer
  beforeAll(async () => {
    initializeToken()
    signer = await openSigner({ SIGNER_URL: url, SIGNER_SECRET: '1234' })
  })
  afterAll(() => signer.close())

  contract(async () => signer)

  test('a signature is made synchronously', async () => {
    const ring = await openRing(signer)
    expect(ring.keys()[0]?.sign(Buffer.from('input'))).toBeInstanceOf(Uint8Array)
  })

  test('a wrong PIN, token or library is said by setting', async () => {
    const open = (SIGNER_URL: string) => openSigner({ SIGNER_URL, SIGNER_SECRET: '1234' })
    await expect(open(`pkcs11:token=other?module-path=${SOFTHSM}`)).rejects.toThrow(/token "other"/)
    await expect(open('pkcs11:token=vestibule?module-path=/none.so')).rejects.toThrow(/\/none\.so, which does not load/)
    await expect(open('pkcs11:vestibule')).rejects.toThrow(/must be like pkcs11:token=/)
  })
})

/** What everything that signs for us promises. */
function contract(open: () => Promise<Signer>): void {
  test('every algorithm signs so that jose verifies, and no private half is in the key store', async () => {
    const directory = temporaryDirectory('keys')
    const ring = await openRing(await open(), directory)
    for (const key of ring.keys()) expect(await verify(await issue(key), ring.keys())).toMatchObject({ kid: key.kid })
    for (const name of readdirSync(directory)) {
      expect(JSON.parse(readFileSync(join(directory, name), 'utf8'))).not.toHaveProperty('d')
    }
  })

  test('keys that were made locally before go on signing', async () => {
    const directory = temporaryDirectory('keys')
    const before = await openRing(inProcessSigner, directory)
    const ring = await openRing(await open(), directory)
    expect(ring.keys().map(({ kid }) => kid)).toEqual(before.keys().map(({ kid }) => kid))
    for (const key of ring.keys()) await verify(await issue(key), ring.keys())
  })

  test('without SIGNER_URL a key that is kept outside is named, and nothing starts', async () => {
    const directory = temporaryDirectory('keys')
    await openRing(await open(), directory)
    await expect(openRing(inProcessSigner, directory)).rejects.toThrow(/external device or service.*SIGNER_URL/)
  })
}

async function openRing(signer: Signer, directory = temporaryDirectory('keys')) {
  const store = await openKeyStore({ KEYS_URL: `file:${directory}` })
  const ring = await openKeyRing({ store, signer, algorithms: ALL, log: quiet })
  onTestFinished(() => ring.close())
  return ring
}

function initializeToken(): void {
  const directory = temporaryDirectory('softhsm')
  process.env.SOFTHSM2_CONF = join(directory, 'softhsm2.conf')
  writeFileSync(process.env.SOFTHSM2_CONF, `directories.tokendir = ${directory}\n`)
  const options = ['--init-token', '--free', '--label', 'vestibule', '--pin', '1234', '--so-pin', '5678']
  execFileSync('softhsm2-util', options, { stdio: 'ignore' })
}
