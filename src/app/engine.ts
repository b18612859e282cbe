import { createCache } from '../cache.ts'
import type { Config } from '../config.ts'
import { createKnownPlaces } from '../customers/known-places.ts'
import { createProtocolPages } from '../interaction/protocol-pages.ts'
import type { Log } from '../log.ts'
import { createFindLiveAccount } from '../oauth/accounts/account.ts'
import { createLiveProvider, type LiveProvider } from '../oauth/engine/live-provider.ts'
import { buildProvider, type ProviderDeps } from '../oauth/engine/provider.ts'
import { createGrants } from '../oauth/grants/index.ts'
import { createFindGrant } from '../oauth/tokens/token-status.ts'
import type { Backends } from './backends.ts'
import type { Services } from './services.ts'
import { createTracedPorts } from './traced-ports.ts'

/** How long introspection may still describe a customer as they were: what a blocked customer's tokens outlive. */
const CUSTOMER_CACHE_SECONDS = 2

/** The protocol engine with everything it asks, made anew whenever keys change. */
export function createEngine(config: Config, log: Log, backends: Backends, services: Services): LiveProvider {
  const { storage, keyRing, secrets, cookieKeys, tokenKeys } = backends
  const { builtIn, directory, findAgent, cutOffs, metrics, pages } = services
  const customers = createCache(directory.findById, { ttlSeconds: CUSTOMER_CACHE_SECONDS, limit: 10_000 })
  const identifiersOf = (audience: string) =>
    builtIn.filter((server) => server.audience === audience).map((server) => server.identifier)
  const deps: ProviderDeps = {
    ...services,
    issuer: config.ISSUER,
    ...mutualTls(config),
    cookieKeys,
    sealKeys: tokenKeys,
    storage,
    log,
    identifiersOf,
    shapes: new Map(builtIn.flatMap(({ identifier, shape }) => (shape ? [[identifier, shape]] : []))),
    findLiveAccount: createFindLiveAccount({ findCustomer: customers.get, findAgent, cutOffs }),
    noteTokenSize: (bytes) => {
      if (bytes > config.TOKEN_SIZE_BUDGET_BYTES)
        log.warn({ bytes }, 'an access token is above TOKEN_SIZE_BUDGET_BYTES')
    },
    pages: createProtocolPages({ pages }),
    notePlace: createKnownPlaces({
      lockout: services.lockouts.customer,
      findCustomer: customers.get,
      onError: (error) => log.warn({ err: error }, 'an address could not be remembered'),
    }),
    grants: createGrants({
      ...services,
      storage,
      identifiersOf,
      findLiveAccount: createFindLiveAccount({ findCustomer: directory.findById, findAgent, cutOffs }),
      findCustomerByReference: directory.findByReference,
      findGrant: createFindGrant({ storage, cutOffs }),
      count: (outcome) => metrics.refreshes.inc({ outcome }),
    }),
  }
  const { signingKeys } = createTracedPorts(backends.tracing)
  const live = createLiveProvider((keys) => buildProvider(deps, signingKeys(keys)), keyRing.keys())
  keyRing.onChange(live.replaceKeys)
  // The library copies the cookie keys, as it does the signing keys.
  secrets.cookies.onChange(() => live.replaceKeys(keyRing.keys()))
  return live
}

function mutualTls(config: Config): Pick<ProviderDeps, 'mutualTls'> {
  const { MTLS_CERTIFICATE_HEADER: certificateHeader, MTLS_VERIFIED_HEADER: verifiedHeader, MTLS_URL: url } = config
  if (!certificateHeader) return {}
  return { mutualTls: { certificateHeader, ...(verifiedHeader && { verifiedHeader }), ...(url && { url }) } }
}
