import type { Config } from '../config.ts'
import { QUERY_LIMIT_MS } from '../database/database.ts'
import { mountedHosts } from '../dialects/mounts.ts'
import { takesPath } from '../dialects/router.ts'
import { fastClientCredentials } from '../fast-path/client-credentials.ts'
import { createProveClient } from '../fast-path/client-proof.ts'
import { fastDiscovery } from '../fast-path/discovery.ts'
import type { FastEndpoint } from '../fast-path/endpoint.ts'
import { createFastPath } from '../fast-path/fast-path.ts'
import { fastIntrospection } from '../fast-path/introspection.ts'
import { fastJwks } from '../fast-path/jwks.ts'
import { fastRefresh } from '../fast-path/refresh.ts'
import { fastRevocations } from '../fast-path/revocations.ts'
import { writeAccessLines } from '../http/access-log.ts'
import { isForOtherHost } from '../http/host-guard.ts'
import { securityHeaderList } from '../http/security-headers.ts'
import type { Log } from '../log.ts'
import type { AnswerKeySet } from '../oauth/engine/jwks.ts'
import { createAccessTokenSigner } from '../oauth/tokens/sign-access-token.ts'
import { createJwtSigner } from '../oauth/tokens/sign-jwt.ts'
import type { AppParts } from './shared.ts'

type FastPathParts = {
  readonly answerKeySet: AnswerKeySet
  /** The server's metadata as the engine last said them. */
  readonly lastMetadata: () => string | undefined
}

/** Levels at which a line is written of each request. */
const LOGGING: readonly string[] = ['info', 'debug', 'trace']

/** What stands before the public app and answers the commonest requests itself. */
export function openFastPath(
  config: Config,
  log: Log,
  { backends, services, rules, shared }: AppParts,
  { answerKeySet, lastMetadata }: FastPathParts,
): ReturnType<typeof createFastPath> {
  // A request that is traced passes everything that has a span.
  if (!config.FAST_PATH || backends.tracing) return (handle) => handle
  const { metrics, database } = backends
  const { registry, resourceServers, isKnownPlace } = services.clients
  const proveClient = createProveClient({ peekClient: registry.peek, isKnownPlace })
  const issuing = {
    issuer: config.ISSUER,
    proveClient,
    peekResourceServer: resourceServers.peek,
    signer: createAccessTokenSigner({ signer: createJwtSigner(backends.keyRing.keys), noteSize: rules.noteTokenSize }),
    noteIssuance: rules.noteIssuance,
  }
  const endpoints: readonly FastEndpoint[] = [
    fastJwks(answerKeySet),
    fastDiscovery(lastMetadata),
    ...(services.revocations.feed ? [fastRevocations(services.revocations.feed)] : []),
    fastIntrospection({ proveClient, introspect: rules.introspect }),
    fastClientCredentials({ ...issuing, defaultResource: config.DEFAULT_RESOURCE }),
    fastRefresh({
      ...rules.refresh,
      fitToken: rules.fitToken,
      ...issuing,
      judgeToken: services.judgeToken,
      isShaped: (identifier) => rules.shapes.has(identifier),
    }),
  ]
  const otherHosts = mountedHosts(services.dialects)
  return createFastPath(
    endpoints.filter(({ rule }) => !rule.paths.some((path) => takesPath(services.dialects, path))),
    {
      issuer: config.ISSUER,
      trustedProxies: shared.trustedProxies,
      alsoWithoutHeaders: [config.MTLS_CERTIFICATE_HEADER, config.MTLS_VERIFIED_HEADER].flatMap((name) =>
        name === undefined ? [] : [name.toLowerCase()],
      ),
      isElsewhere:
        otherHosts.size === 0 ? () => false : (request) => isForOtherHost(request, otherHosts, shared.trustedProxies),
      securityHeaders: securityHeaderList({ isHttps: config.ISSUER.startsWith('https:') }),
      withinLimits: (run) => database.answeringWithin(QUERY_LIMIT_MS, run),
      log: LOGGING.includes(config.LOG_LEVEL) ? writeAccessLines(log) : undefined,
      measure({ route, status, seconds }) {
        metrics.requests.observe({ route, status }, seconds)
        metrics.noteFastAnswer(route)
      },
    },
  )
}
