import { createRequire } from 'node:module'
import { KeyStoreError } from '../key-store.ts'

export type Handle = Buffer
export type Attribute = { readonly type: number; readonly value?: Buffer | boolean | number | string }
export type Mechanism = { readonly mechanism: number; readonly parameter?: object }

/** The part of pkcs11js that is used; the package itself is installed only where there is a device. */
export type Pkcs11 = {
  load(path: string): void
  C_Initialize(): void
  C_Finalize(): void
  C_GetSlotList(withToken: boolean): Handle[]
  C_GetTokenInfo(slot: Handle): { readonly label: string }
  C_OpenSession(slot: Handle, flags: number): Handle
  C_CloseSession(session: Handle): void
  C_Login(session: Handle, user: number, pin: string): void
  C_GenerateKeyPair(
    session: Handle,
    mechanism: Mechanism,
    publicTemplate: readonly Attribute[],
    privateTemplate: readonly Attribute[],
  ): { readonly publicKey: Handle; readonly privateKey: Handle }
  C_FindObjectsInit(session: Handle, template: readonly Attribute[]): void
  C_FindObjects(session: Handle, atMost: number): Handle[]
  C_FindObjectsFinal(session: Handle): void
  C_GetAttributeValue(session: Handle, object: Handle, template: readonly Attribute[]): { readonly value: Buffer }[]
  C_SignInit(session: Handle, mechanism: Mechanism, key: Handle): void
  C_Sign(session: Handle, input: Buffer, output: Buffer): Buffer
  C_DestroyObject(session: Handle, object: Handle): void
}

/**
 * Loads pkcs11js, which npm compiles when it is installed: it is not among the dependencies, so that installing needs no
 * compiler for what few use.
 *
 * @throws {KeyStoreError} with the command to run when it is not installed.
 */
export function loadPkcs11(): Pkcs11 {
  try {
    // An optional package without types.
    const { PKCS11 } = createRequire(import.meta.url)('pkcs11js') as { PKCS11: new () => Pkcs11 }
    return new PKCS11()
  } catch {
    throw new KeyStoreError(
      'SIGNER_URL is pkcs11: and the package pkcs11js is not installed. ' +
        'Run "npm install --no-save pkcs11js@2"; it needs Python and a C++ compiler.',
    )
  }
}
