import type { Config } from '../../config.ts'
import { createVerifyAssertion, type VerifyAssertion } from '../../issuers/assertion.ts'
import { createIssuerKeys, type IssuerKeys } from '../../issuers/issuer-keys.ts'
import { createIssuerRegistry, type IssuerRegistry } from '../../issuers/registry.ts'
import type { Log } from '../../log.ts'
import type { Backends } from '../backends.ts'

/** Others whose assertions about people are taken for tokens. */
export type IssuerServices = {
  readonly registry: IssuerRegistry
  readonly keys: IssuerKeys
  readonly verifyAssertion: VerifyAssertion
  /** This server's own issuer, which is never trusted by itself. */
  readonly ownIssuer: string
}

export function createIssuerServices(
  { ISSUER: ownIssuer }: Pick<Config, 'ISSUER'>,
  { database: { knex }, storage, guardedFetch: fetch }: Pick<Backends, 'database' | 'storage' | 'guardedFetch'>,
  { log }: { readonly log: Pick<Log, 'warn'> },
): IssuerServices {
  const registry = createIssuerRegistry({ knex, storage })
  const keys = createIssuerKeys({
    fetch,
    onProblem: (issuer, reason) => log.warn({ event: 'issuer.keys-unavailable', issuer, reason }),
  })
  return { registry, keys, ownIssuer, verifyAssertion: createVerifyAssertion({ registry, keys, ownIssuer }) }
}
