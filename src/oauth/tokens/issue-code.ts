import type { Client, Provider } from 'oidc-provider'
import type { ClientMetadata } from '../../clients/client.ts'
import { needsPkce } from '../../clients/security-profile.ts'
import { type Sunset, sunsetOn } from '../../http/sunset.ts'
import { asCustomerAccount, type CommerceAccount, choiceOf } from '../accounts/account.ts'
import { acrOf } from '../accounts/acr.ts'
import { type DialectSession, withFacts } from '../accounts/grant-facts.ts'
import { newCodeWith, newIdOf } from '../library-values.ts'

/** Who asks for a code, and for what. */
export type CodeAsker = {
  readonly clientId: string
  readonly redirectUri: string
  /** The grant type that the client must have for this way of signing in, beside `authorization_code`. */
  readonly grantType: string
}

/** Why a client gets no code. */
export type CodeRefusal = 'unknown-client' | 'grant-not-allowed' | 'unregistered-redirect'

/** A code, for whom and with what. */
export type NewCode = {
  readonly clientId: string
  readonly redirectUri: string
  /** S256. */
  readonly codeChallenge?: string | undefined
  readonly account: CommerceAccount
  /** The grant type that stands for how they signed in: its use by the client is counted. */
  readonly by: string
  readonly resource: string
  readonly scopes: readonly string[]
  readonly amr?: readonly string[]
  /** Epoch milliseconds, from before the person was looked up. */
  readonly provedAtMs: number
  /** What the dialect keeps with the sign-in. */
  readonly session: DialectSession
}

export type CodeDeps = {
  readonly provider: () => Provider
  readonly findClient: (clientId: string) => Promise<ClientMetadata | undefined>
  /** The first day (UTC) without the password grant. */
  readonly passwordDay?: string | undefined
  /** A client used a grant type. */
  readonly noteGrantType: (grantType: string, clientId: string) => void
}

/**
 * Authorization codes for people who signed in without our pages, for dialects whose own API gives codes. They are the
 * ordinary ones, so everything that holds at the token endpoint holds for them: one use, the client, its redirect, PKCE.
 */
export function createCodes({ provider, findClient, passwordDay, noteGrantType }: CodeDeps) {
  return {
    /** Undefined where the client may have one. A public client must send a challenge, which is the caller's to see to. */
    async objection({ clientId, redirectUri, grantType }: CodeAsker): Promise<CodeRefusal | undefined> {
      const [metadata, client] = await Promise.all([findClient(clientId), findLibraryClient(clientId)])
      if (!metadata || !client) return 'unknown-client'
      if (!client.redirectUriAllowed(redirectUri)) return 'unregistered-redirect'
      const isAllowed = ['authorization_code', grantType].every((name) => client.grantTypeAllowed(name))
      return isAllowed ? undefined : 'grant-not-allowed'
    },

    /** When this way of signing in ends for the client (`grants_sunset`), or for all (PASSWORD_GRANT_SUNSET). */
    async sunsetOf({ clientId, grantType }: Pick<CodeAsker, 'clientId' | 'grantType'>): Promise<Sunset | undefined> {
      const { grants_sunset: sunsets = {} } = (await findClient(clientId)) ?? {}
      const own = Object.hasOwn(sunsets, grantType) ? sunsets[grantType] : undefined
      const [day] = [own, grantType === 'password' ? passwordDay : undefined]
        .filter((each) => each !== undefined)
        .sort()
      return day === undefined ? undefined : sunsetOn(day)
    },

    /** Whether the codes of a client need PKCE (RFC 7636); undefined without such a client. */
    async needsChallenge(clientId: string): Promise<boolean | undefined> {
      const metadata = await findClient(clientId)
      return metadata && needsPkce(metadata)
    },

    /** True where `resource_scopes` of the client names the scope itself; a pattern that matches it does not count. */
    async isGiven(clientId: string, scope: string): Promise<boolean> {
      return (await findClient(clientId))?.resource_scopes?.includes(scope) === true
    },

    async issue({ account, session, provedAtMs, ...asked }: NewCode): Promise<string> {
      const { Grant } = provider()
      const client = await findLibraryClient(asked.clientId)
      if (!client) throw new Error('a code is issued to a client that was looked at')
      const { accountId } = account
      const customer = asCustomerAccount(account)
      const companyUserId = customer && choiceOf(customer)
      const grant = withFacts(new Grant({ accountId, clientId: asked.clientId }), {
        createdAtMs: provedAtMs,
        ...(companyUserId !== undefined && { companyUserId }),
        dialectSession: session,
      })
      const scope = asked.scopes.join(' ')
      grant.addOIDCScope(scope)
      grant.addResourceScope(asked.resource, scope)
      grant.jti = newIdOf(grant)
      const code = newCodeWith(provider(), {
        accountId,
        client,
        grantId: grant.jti,
        redirectUri: asked.redirectUri,
        resource: asked.resource,
        scope,
        authTime: Math.floor(provedAtMs / 1000),
        ...(asked.amr && { amr: [...asked.amr], acr: acrOf(asked.amr) }),
        ...(asked.codeChallenge && { codeChallenge: asked.codeChallenge, codeChallengeMethod: 'S256' }),
      })
      const [, value] = await Promise.all([grant.save(), code.save()])
      noteGrantType(asked.by, asked.clientId)
      return value
    },
  }

  async function findLibraryClient(clientId: string): Promise<Client | undefined> {
    return provider().Client.find(clientId)
  }
}

/** Codes for people who signed in without our pages. */
export type Codes = ReturnType<typeof createCodes>
