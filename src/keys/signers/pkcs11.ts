import { randomBytes } from 'node:crypto'
import { calculateJwkThumbprint } from 'jose'
import type { KeyMaterial } from '../key-record.ts'
import { KeyStoreError } from '../key-store.ts'
import { findOnToken, generateOnToken, signOnToken } from './pkcs11-keys.ts'
import { type Handle, loadPkcs11, type Pkcs11 } from './pkcs11-module.ts'
import { inProcessSigner, type Signer } from './signer.ts'

const CKF_RW_SERIAL_SESSION = 0x2 | 0x4
const CKU_USER = 1

/**
 * A PKCS#11 token, `pkcs11:token=NAME?module-path=/path/to/library.so` (RFC 7512); the secret is its PIN. Signing is
 * synchronous in this process: right for a card or a local module, slow over a network.
 *
 * @throws {KeyStoreError} when the library, the token or the PIN is not right.
 */
export async function openPkcs11Signer(url: string, pin: string): Promise<Signer> {
  const { modulePath, tokenLabel } = readUrl(url)
  const pkcs11 = loadPkcs11()
  initialize(pkcs11, modulePath)
  const token = connect(pkcs11, () => openSession(pkcs11, modulePath, tokenLabel, pin))

  return {
    async generate(algorithm) {
      const id = randomBytes(16)
      const publicJwk = token.use((session) => generateOnToken(pkcs11, session, algorithm, id))
      const material = { kind: 'external', reference: `pkcs11:${id.toString('hex')}` } as const
      return { kid: await calculateJwkThumbprint(publicJwk), publicJwk, material }
    },
    signer(record) {
      const id = idOf(record.material)
      if (!id) return inProcessSigner.signer(record)
      if (!token.use(() => token.privateKey(id))) throw new KeyStoreError(missing(record.kid, tokenLabel))
      return (signingInput) =>
        token.use((session) => {
          const key = token.privateKey(id)
          if (!key) throw new KeyStoreError(missing(record.kid, tokenLabel))
          return signOnToken(pkcs11, { session, key, algorithm: record.algorithm }, signingInput)
        })
    },
    async destroy({ material }) {
      const id = idOf(material)
      if (!id) return
      token.use((session) => {
        for (const half of Object.values(findOnToken(pkcs11, session, id))) pkcs11.C_DestroyObject(session, half)
      })
    },
    close: async () => pkcs11.C_Finalize(),
  }
}

/** A session that is opened again, once per call, when the token was unplugged or restarted and has forgotten it. */
function connect(pkcs11: Pkcs11, open: () => Handle) {
  const handles = new Map<string, Handle>()
  let session = open()

  return {
    use<Result>(work: (session: Handle) => Result): Result {
      try {
        return work(session)
      } catch (error) {
        if (!/CKR_(SESSION|KEY_HANDLE|USER_NOT_LOGGED_IN|DEVICE)/.test(String(error))) throw error
        handles.clear()
        session = open()
        return work(session)
      }
    },
    /** The handle of a private key, looked up once per session. */
    privateKey(id: Buffer): Handle | undefined {
      const name = id.toString('hex')
      const handle = handles.get(name) ?? findOnToken(pkcs11, session, id).private
      if (handle) handles.set(name, handle)
      return handle
    },
  }
}

function readUrl(url: string): { modulePath: string; tokenLabel: string } {
  const [path = '', query = ''] = url.slice('pkcs11:'.length).split('?')
  const attributes = new URLSearchParams([...path.split(';'), ...query.split('&')].join('&'))
  const [modulePath, tokenLabel] = [attributes.get('module-path'), attributes.get('token')]
  if (modulePath && tokenLabel) return { modulePath, tokenLabel }
  throw new KeyStoreError('SIGNER_URL must be like pkcs11:token=NAME?module-path=/usr/lib/softhsm/libsofthsm2.so.')
}

function initialize(pkcs11: Pkcs11, modulePath: string): void {
  try {
    pkcs11.load(modulePath)
    pkcs11.C_Initialize()
  } catch (error) {
    if (String(error).includes('CKR_CRYPTOKI_ALREADY_INITIALIZED')) return
    throw new KeyStoreError(
      `SIGNER_URL names the PKCS#11 library ${modulePath}, which does not load. Install it, or correct module-path.`,
    )
  }
}

function openSession(pkcs11: Pkcs11, modulePath: string, tokenLabel: string, pin: string): Handle {
  const slots = pkcs11.C_GetSlotList(true)
  const slot = slots.find((candidate) => pkcs11.C_GetTokenInfo(candidate).label.trim() === tokenLabel)
  if (!slot) {
    throw new KeyStoreError(
      `SIGNER_URL names the token "${tokenLabel}", which ${modulePath} does not have. Plug it in, or correct token.`,
    )
  }
  const session = pkcs11.C_OpenSession(slot, CKF_RW_SERIAL_SESSION)
  try {
    pkcs11.C_Login(session, CKU_USER, pin)
  } catch (error) {
    if (String(error).includes('CKR_USER_ALREADY_LOGGED_IN')) return session
    pkcs11.C_CloseSession(session)
    const reason = /CKR_\w+/.exec(String(error))?.[0] ?? 'no reason given'
    throw new KeyStoreError(`SIGNER_SECRET is not accepted as the PIN of token "${tokenLabel}" (${reason}).`)
  }
  return session
}

function idOf(material: KeyMaterial): Buffer | undefined {
  const isOurs = material.kind === 'external' && material.reference.startsWith('pkcs11:')
  return isOurs ? Buffer.from(material.reference.slice('pkcs11:'.length), 'hex') : undefined
}

function missing(kid: string, tokenLabel: string): string {
  return (
    `Token "${tokenLabel}" does not contain signing key ${kid}. Point SIGNER_URL at the token that created it, ` +
    'or take the key out of KEYS_URL.'
  )
}
