import { createWithdrawals, type Withdrawals } from '../../client-links/withdrawals.ts'
import type { ClientMetadata } from '../../clients/client.ts'
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
  /** Which clients customers have taken their access from: no assertion brings it back. */
  readonly withdrawals: Withdrawals
}

type IssuerServicesDeps = {
  readonly log: Pick<Log, 'warn'>
  readonly findClient: (clientId: string) => Promise<ClientMetadata | undefined>
}

export function createIssuerServices(
  { ISSUER: ownIssuer }: Pick<Config, 'ISSUER'>,
  backends: Pick<Backends, 'database' | 'storage' | 'guardedFetch' | 'onSignInEnded'>,
  { log, findClient }: IssuerServicesDeps,
): IssuerServices {
  const { storage, guardedFetch: fetch } = backends
  const { knex } = backends.database
  const registry = createIssuerRegistry({ knex, storage })
  const keys = createIssuerKeys({
    fetch,
    onProblem: (issuer, reason) => log.warn({ event: 'issuer.keys-unavailable', issuer, reason }),
  })
  const withdrawals = createWithdrawals({ knex })
  backends.onSignInEnded(async ({ what, why, accountId, clientId }) => {
    if (accountId === undefined) return
    if (why === 'erased') return withdrawals.forget(accountId)
    const isWithdrawn = what === 'grant' && why === 'ended-by-customer' && clientId !== undefined
    if (isWithdrawn && (await findClient(clientId))?.first_party !== true) await withdrawals.note(accountId, clientId)
  })
  return {
    registry,
    keys,
    ownIssuer,
    withdrawals,
    verifyAssertion: createVerifyAssertion({ registry, keys, ownIssuer }),
  }
}
