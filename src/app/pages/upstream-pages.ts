import type { Config } from '../../config.ts'
import type { Routes } from '../../http/routing/other-methods.ts'
import type { DeviceCookie } from '../../interaction/device-cookie.ts'
import { createCallbackRoutes } from '../../interaction/upstreams/callback-routes.ts'
import { createConnectRoute } from '../../interaction/upstreams/connect-route.ts'
import { createFirstNames } from '../../interaction/upstreams/first-names.ts'
import { createLinkOffers } from '../../interaction/upstreams/link-offers.ts'
import { createTakeLogoutToken } from '../../interaction/upstreams/logout-token.ts'
import { createUpstreamRequests } from '../../interaction/upstreams/upstream-requests.ts'
import type { UpstreamStepsDeps } from '../../interaction/upstreams/upstream-steps.ts'
import type { OwnSessions } from '../../oauth/browser/own-sessions.ts'
import type { AppParts } from '../shared.ts'

/** What the sign-in pages need to send people to providers and to take them back. */
export function upstreamSteps(
  config: Config,
  { backends, services }: AppParts,
  device: DeviceCookie,
): UpstreamStepsDeps {
  const { storage, auditTrail } = backends
  const { registry, protocol, onProblem } = services.upstreams
  const { signInByIdentity, linkedAccounts, proofs } = services.customers
  return {
    registry,
    protocol,
    requests: createUpstreamRequests({ storage }),
    offers: createLinkOffers({ storage }),
    withFirstName: createFirstNames({ storage }),
    signInByIdentity,
    linkedAccounts,
    proofs,
    storage,
    isRegistrationOpen: config.REGISTRATION === 'open',
    device,
    audit: auditTrail.append,
    onProblem,
  }
}

/** Where a customer who is signed in begins to connect a provider. */
export function upstreamConnect(
  { ISSUER: issuer }: Config,
  { backends, services }: AppParts,
  sessions: OwnSessions,
): Routes {
  return createConnectRoute({
    ...services.upstreams,
    requests: createUpstreamRequests(backends),
    sessions,
    issuer,
    publicPath: services.pages.publicPath,
  })
}

/** The addresses that providers know. */
export function upstreamCallbacks({ backends: { storage }, services }: AppParts): Routes {
  const { registry, protocol, endUpstreamSignIn, onProblem, signOutElsewhere } = services.upstreams
  const { upstreamLinks } = services.customers
  return createCallbackRoutes({
    pages: services.pages,
    requests: createUpstreamRequests({ storage }),
    takeLogoutToken: createTakeLogoutToken({
      registry,
      protocol,
      storage,
      customerOf: upstreamLinks.customerOf,
      endUpstreamSignIn,
      onProblem,
    }),
    afterSignOut: signOutElsewhere.after,
  })
}
