import { createInitialTokens, type InitialTokens } from '../../../clients/self-registration/initial-tokens.ts'
import { createRegistrations, type Registrations } from '../../../clients/self-registration/registrations.ts'
import type { Config } from '../../../config.ts'
import type { Log } from '../../../log.ts'
import type { EndSignIn } from '../../../oauth/sign-outs/end-sign-in.ts'
import type { Backends } from '../../backends.ts'
import type { CloseStep } from '../../close-step.ts'
import type { ClientServices } from '../clients.ts'

/** Clients that register themselves, and the tokens that let them. */
export type SelfRegistrationServices = { readonly initialTokens: InitialTokens; readonly registrations: Registrations }

export function createSelfRegistrationServices(
  { DYNAMIC_REGISTRATION_IDLE_DAYS: idleDays }: Config,
  { database: { knex } }: Pick<Backends, 'database'>,
  { registry }: Pick<ClientServices, 'registry'>,
): SelfRegistrationServices {
  const initialTokens = createInitialTokens({ knex })
  return { initialTokens, registrations: createRegistrations({ knex, clients: registry, initialTokens, idleDays }) }
}

const EVERY_MS = 3_600_000

type Deps = {
  readonly registrations: Pick<Registrations, 'removeUnused'>
  readonly endSignIn: EndSignIn
  readonly audit: Backends['auditTrail']['append']
  readonly log: Pick<Log, 'warn'>
}

/** Removes clients that registered themselves and are not used, every hour; returns what ends it. */
export function removeUnusedClients({ registrations, endSignIn, audit, log }: Deps): CloseStep {
  async function remove(): Promise<void> {
    // Part after part: within an hour more can register than a part has.
    for (;;) {
      const removed = await registrations.removeUnused()
      if (removed.length === 0) return
      for (const clientId of removed) {
        await endSignIn({ what: { of: 'client', id: clientId }, why: 'client-removed', by: 'server' })
        audit({ type: 'client.registration-changed', actor: 'server', clientId, reason: 'removed: nobody used it' })
      }
    }
  }
  let underWay: Promise<unknown> | undefined
  const timer = setInterval(() => {
    underWay ??= remove()
      .catch((err: unknown) => log.warn({ event: 'registrations.prune-failed', err }))
      .finally(() => {
        underWay = undefined
      })
  }, EVERY_MS)
  timer.unref()
  return async () => {
    clearInterval(timer)
    await underWay
  }
}
