import { brandName, type Config } from '../../config.ts'
import type { Routes } from '../../http/routing/other-methods.ts'
import { createAccountWellKnown } from '../../interaction/account/well-known.ts'
import { createAccountRoutes } from '../../interaction/account-routes.ts'
import { createDeviceCookie } from '../../interaction/device-cookie.ts'
import { createHostedPasskeySignIn, createHostedSignIn, createMarkBrowser } from '../../interaction/hosted-sign-in.ts'
import { createRememberedAccount } from '../../interaction/login/remembered-account.ts'
import { createInteractionRoutes } from '../../interaction/routes.ts'
import { createRememberedBrowser } from '../../interaction/second-factor/remembered-cookie.ts'
import { createStartRoutes } from '../../interaction/start/start-routes.ts'
import { watchSecondFactors } from '../../oauth/accounts/watch-logins.ts'
import { createDescribeScopes } from '../../oauth/browser/asked-scopes.ts'
import { createInteractions } from '../../oauth/browser/interactions.ts'
import type { OwnSessions } from '../../oauth/browser/own-sessions.ts'
import type { AppParts } from '../shared.ts'
import { upstreamSteps } from './upstream-pages.ts'

/** The start page. */
export function createStart(config: Config, { services }: AppParts, sessions: OwnSessions): Routes {
  const { pages, customers } = services
  return createStartRoutes({
    pages,
    issuer: config.ISSUER,
    brandName: brandName(config),
    offersRecovery: customers.recovery !== undefined,
    isSignedIn: async (ctx) => (await sessions.find(ctx)) !== undefined,
  })
}

/** Pages of a sign-in, and those of people who cannot sign in. */
export function createHostedPages(config: Config, parts: AppParts, sessions: OwnSessions): Routes[] {
  const { ISSUER: issuer, REGISTRATION, SECOND_FACTOR_REMEMBER_DAYS: days } = config
  const { backends, services, engine } = parts
  const { storage, cookieKeys: csrfKeys, passwordPolicy, auditTrail, metrics } = backends
  const { clients, documents, customers, pages, account } = services
  const { memberships } = account
  const { authenticate, directory, proofs, lockout, passwordChange, recovery, passkeys, oneTimePasswords } = customers
  const { findById: findCustomer } = directory
  const { minLength } = passwordPolicy
  const device = createDeviceCookie({ keys: csrfKeys, issuer })
  const isRegistrationOpen = REGISTRATION === 'open'
  const { factors } = customers.factors
  const offersCode = config.SIGN_IN_CODE === 'offered' && recovery !== undefined
  return [
    createInteractionRoutes({
      pages,
      issuer,
      csrfKeys,
      interactions: createInteractions({
        provider: engine.current,
        findClient: clients.findClient,
        describeScopes: createDescribeScopes(clients.resourceServers.find),
        actAs: sessions.actAs,
        noteConsent: documents.documents.noteConsent,
        consents: account.consents,
        mandates: services.mandates.consents,
      }),
      authenticate: createHostedSignIn({ authenticate, device, lockout }),
      findCustomer,
      remembered: createRememberedAccount({ proofs, issuer, keys: csrfKeys }),
      ...(memberships && { companyMemory: memberships }),
      note: auditTrail.append,
      mandateTimeZone: services.mandates.timeZone,
      secondFactor: {
        factors,
        browser: createRememberedBrowser({ factors, issuer, days }),
        proofs,
        storage,
        markBrowser: createMarkBrowser({ device, lockout }),
        tell: watchSecondFactors(auditTrail.append, metrics),
      },
      upstreams: upstreamSteps(config, parts, device),
      codeSignIn: offersCode && {
        request: oneTimePasswords.request,
        authenticate: createHostedSignIn({ authenticate: oneTimePasswords.authenticate, device, lockout }),
      },
      ...(passwordChange && { forcedChange: { storage, passwordChange, proofs, minLength } }),
      ...(passkeys && {
        passkeys: {
          storage,
          proofs,
          passkeys: passkeys.passkeys,
          customerPasskeys: passkeys.ofCustomers,
          signInByPasskey: createHostedPasskeySignIn({ signIn: passkeys.signIn, device, lockout }),
        },
      }),
      ...(recovery && { mailSteps: { ...recovery, device } }),
      offers: {
        ...(recovery && { recovery: true, registration: isRegistrationOpen }),
        rememberCompany: memberships !== undefined,
        code: offersCode,
        identifierFirst: config.SIGN_IN_PAGE === 'identifier-first',
        providers: () => services.upstreams.registry.usable().filter(({ has_button }) => has_button !== false),
      },
    }),
    createAccountWellKnown({
      issuer,
      relyingParty: passkeys?.passkeys.relyingParty,
      changesPassword: passwordChange !== undefined,
    }),
    ...(recovery
      ? [
          createAccountRoutes({
            pages,
            issuer,
            csrfKeys,
            ...recovery,
            device,
            isRegistrationOpen,
            minLength,
            ...(passkeys && { passkeys: passkeys.ofCustomers }),
          }),
        ]
      : []),
  ]
}
