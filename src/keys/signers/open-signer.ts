import { KeyStoreError } from '../key-store.ts'
import { openPkcs11Signer } from './pkcs11.ts'
import { inProcessSigner, type Signer } from './signer.ts'
import { openVaultSigner } from './vault-transit.ts'

export type SignerSettings = {
  readonly SIGNER_URL?: string | undefined
  readonly SIGNER_SECRET?: string | undefined
}

type Opener = (url: string, secret: string) => Promise<Signer>

/** Everything that can sign for us, by the scheme of SIGNER_URL. */
const signers: Readonly<Record<string, Opener>> = {
  pkcs11: openPkcs11Signer,
  vault: openVaultSigner,
}

/**
 * Opens whatever SIGNER_URL names: a PKCS#11 device (RFC 7512) or Vault's transit engine. Unset: keys are made and
 * used in this process. Keys made before the setting was changed go on signing until they are rotated out.
 *
 * @throws {KeyStoreError} when it does not answer, or refuses SIGNER_SECRET.
 */
export async function openSigner({ SIGNER_URL, SIGNER_SECRET }: SignerSettings): Promise<Signer> {
  if (!SIGNER_URL) return inProcessSigner
  const scheme = SIGNER_URL.split(':', 1)[0] ?? ''
  const open = Object.hasOwn(signers, scheme) ? signers[scheme] : undefined
  if (!open) {
    const known = Object.keys(signers).map((name) => `${name}:`)
    throw new KeyStoreError(`SIGNER_URL must start with ${known.join(' or ')}.`)
  }
  if (!SIGNER_SECRET) {
    throw new KeyStoreError('SIGNER_SECRET is unset. Set it to the PIN of the PKCS#11 token or to a Vault token.')
  }
  return open(SIGNER_URL, SIGNER_SECRET)
}
