import type { Config } from '../config.ts'
import { createDialectRouter } from '../dialects/router.ts'
import { createSharedServices } from '../dialects/shared-services.ts'
import { createTurns } from '../dialects/turns.ts'
import type { Log } from '../log.ts'
import { createLinkSignIn } from '../oauth/browser/link-sign-in.ts'
import { createShopLoginTokens } from '../oauth/browser/shop-login-tokens.ts'
import { allowsOrigin } from '../oauth/clients/client-metadata.ts'
import { publicJwk } from '../oauth/engine/jwks.ts'
import { createFindCaller } from '../oauth/tokens/callers.ts'
import { createCodes } from '../oauth/tokens/issue-code.ts'
import { createTokenCodes } from '../oauth/tokens/token-codes.ts'
import type { AppParts } from './shared.ts'

/** Every dialect that is switched on, over the services that all have. */
export function createDialects(config: Config, log: Log, { backends, services, engine, shared }: AppParts) {
  const { auditTrail, dialectUses, keyRing, keyUsage, metrics, signInWebhook, storage } = backends
  const { dialects, clients, customers, agents, judgeToken } = services
  const { findToken, endSignIn, cutOffs } = services.tokens
  return createDialectRouter({
    dialects,
    issuer: config.ISSUER,
    pipeline: engine.middleware,
    services: createSharedServices({
      findToken,
      judgeToken,
      findCaller: createFindCaller({ judgeToken }),
      endSignIn,
      reportSignIn: signInWebhook.report,
      tokenCodes: createTokenCodes({ storage }),
      audit: auditTrail.append,
      isPublicClient: async (clientId) => (await clients.findClient(clientId))?.token_endpoint_auth_method === 'none',
      storage,
      ...createTurns(storage),
      codes: createCodes({
        passwordDay: config.PASSWORD_GRANT_SUNSET,
        provider: engine.current,
        findClient: clients.findClient,
        noteGrantType: backends.grantTypeUses.note,
      }),
      findCustomer: async (login) => {
        const customer = (await customers.directory.findByLogin(login))?.customer
        return customer?.status === 'active' ? customer : undefined
      },
      signInLinks: customers.signInLinks,
      endWhere: async (of, isOne) => {
        await auditTrail.flush()
        return services.tokens.activeGrants.endWhere(of, isOne)
      },
      onCallbackFailed: (url, reason) => log.warn({ event: 'dialect.callback-failed', url, reason }),
    }),
    selfService: customers.selfService,
    signInByLink: createLinkSignIn({
      provider: engine.current,
      redeem: customers.signInLinks.redeem,
      redeemShopToken: createShopLoginTokens({
        keys: services.loginKeys,
        audience: config.DIALECT_CLIENTS.get('spryker') ?? '',
        findCustomer: customers.records.findByNumber,
        cutOffs,
        storage,
        allowsReuse: config.SIGN_IN_LINK_REUSABLE,
      }),
      findCustomer: customers.directory.findById,
      cutOffs,
      audit: auditTrail.append,
      issuer: config.ISSUER,
    }),
    checks: {
      password: customers.authenticate,
      agent: agents.authenticate,
      oneTimePassword: customers.oneTimePasswords.authenticate,
    },
    keySet(fetched) {
      keyUsage.fetched(fetched)
      return {
        keys: keyRing.keys().map(publicJwk),
        cacheSeconds: keyRing.cacheSecondsAt(Math.floor(Date.now() / 1000)),
      }
    },
    requestOneTimePassword: customers.oneTimePasswords.request,
    lockedForSeconds: (login, of, context) =>
      (of === 'agent' ? agents : customers).lockout.lockedForSeconds(login, context),
    allowsOrigin: async (clientId, origin) => {
      const client = await clients.findClient(clientId)
      return client !== undefined && allowsOrigin(client, origin)
    },
    isClient: async (clientId) => (await clients.registry.stateOf(clientId)) !== 'gone',
    onMissingClient: (dialect, clientId, id) =>
      log.warn({ event: 'dialect.client-missing', dialect, clientId, requestId: id }),
    onUnfitClient: (dialect, clientId, reason) =>
      log.warn({ event: 'dialect.client-misconfigured', dialect, clientId, reason }),
    onUse: ({ dialect, endpoint, status, clientId }) => {
      metrics.dialectRequests.inc({ dialect, endpoint, status: `${Math.floor(status / 100)}xx` })
      if (clientId !== undefined) dialectUses.note(dialect, clientId)
    },
    onError: shared.onError,
  })
}
