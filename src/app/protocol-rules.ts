import type { Config } from '../config.ts'
import { createKnownPlaces } from '../customers/known-places.ts'
import type { Log } from '../log.ts'
import { createJudgeAccount } from '../oauth/accounts/account.ts'
import type { ProviderDeps } from '../oauth/engine/provider.ts'
import type { ReuseDeps } from '../oauth/grants/refresh-reuse.ts'
import { createNoteLinkUse } from '../oauth/links/note-link-use.ts'
import { createIntrospect } from '../oauth/tokens/introspection.ts'
import { createNoteIssuance } from '../oauth/tokens/note-issuance.ts'
import { createFitToken } from '../oauth/tokens/size-budget.ts'
import { createFindGrant } from '../oauth/tokens/token-status.ts'
import { createJudgeToken } from '../oauth/tokens/token-verdict.ts'
import type { Backends } from './backends.ts'
import type { Services } from './services.ts'

/** What the protocol engine and the fast path both ask. */
export type ProtocolRules = Pick<
  ProviderDeps,
  'judgeAccount' | 'judgeToken' | 'introspect' | 'noteIssuance' | 'fitToken' | 'noteTokenSize' | 'shapes'
> & { readonly refresh: ReuseDeps }

/** The rules by which tokens are judged, introspected and recorded, for the engine and the fast path alike. */
export function createProtocolRules(config: Config, log: Log, backends: Backends, services: Services): ProtocolRules {
  const { storage, auditTrail, tokenHistory, metrics } = backends
  const { clients, tokens, customers, agents, support } = services
  const { cutOffs, endRefused } = tokens
  const judgeAccount = createJudgeAccount({
    findCustomer: customers.findRecent,
    findAgent: agents.findActive,
    cutOffs,
    endRefused,
    isSupportPermissionNeeded: support.accesses.rules.isPermissionNeeded,
  })
  const judgeToken = createJudgeToken({
    findToken: tokens.findToken,
    clientState: clients.registry.stateOf,
    judgeAccount,
    metrics,
    log,
  })
  const audit = auditTrail.append
  const noteLinkUse = createNoteLinkUse({ links: backends.clientLinks, findClient: clients.findClient })
  return {
    judgeAccount,
    judgeToken,
    shapes: new Map(clients.builtIn.flatMap(({ identifier, shape }) => (shape ? [[identifier, shape]] : []))),
    fitToken: createFitToken(config.ACCESS_TOKEN_MAX_BYTES),
    noteTokenSize: (bytes) => {
      if (bytes > config.TOKEN_SIZE_BUDGET_BYTES) log.warn({ event: 'token.too-large', bytes })
    },
    refresh: {
      storage,
      refreshTokens: tokens.refreshTokens,
      findGrant: createFindGrant({ storage, cutOffs }),
      endSignIn: tokens.endSignIn,
      audit,
      count: (outcome) => metrics.refreshes.inc({ outcome }),
      countElsewhere: () => metrics.refreshesElsewhere.inc(),
    },
    introspect: createIntrospect({
      judgeToken,
      findClient: clients.findClient,
      identifiersOf: createIdentifiersOf(clients),
      issuer: config.ISSUER,
      detailsNow: services.mandates.detailsNow,
      audit,
      metrics,
      noteLinkUse,
    }),
    noteIssuance: createNoteIssuance({
      audit,
      metrics,
      noteGrantType: backends.grantTypeUses.note,
      noteIssued: config.TOKEN_HISTORY_DAYS > 0 ? tokenHistory.noteIssued : undefined,
      notePlace: createKnownPlaces({
        lockout: customers.lockout,
        findCustomer: customers.findRecent,
        onError: (error) => log.warn({ event: 'lockout.address-not-saved', err: error }),
      }),
      noteLinkUse,
    }),
  }
}

/** The resource servers whose tokens say an audience other than their own name. */
export function createIdentifiersOf({ builtIn }: Services['clients']): (audience: string) => readonly string[] {
  return (audience) => builtIn.filter((server) => server.audience === audience).map(({ identifier }) => identifier)
}
