import type { Context, Middleware } from 'koa'
import type { AuthenticateAgent } from '../agents/authenticate.ts'
import type { Authenticate } from '../customers/authenticate.ts'
import type { OneTimePasswords } from '../customers/one-time-passwords.ts'
import type { SelfService } from '../customers/self-service/self-service.ts'
import type { Sunset } from '../http/sunset.ts'
import type { Dialect } from './dialect.ts'
import type { Mount } from './mounts.ts'
import type { SharedServices } from './services.ts'

/** What the endpoints of all dialects are built on. */
export type DialectRouterDeps = {
  readonly dialects: readonly MountedDialect[]
  readonly issuer: string
  /** Answers `/token`: the one way tokens are made. */
  readonly pipeline: Middleware
  readonly services: SharedServices
  readonly selfService: SelfService
  /** Mails a code to the customer with this login. */
  readonly requestOneTimePassword: OneTimePasswords['request']
  readonly lockedForSeconds: (
    login: string,
    of: 'customer' | 'agent',
    context: { readonly ip: string; readonly clientId: string },
  ) => Promise<number | undefined>
  /** Who signs in, by what they know. */
  readonly checks: {
    readonly password: Authenticate
    readonly agent: AuthenticateAgent
    readonly oneTimePassword: Authenticate
  }
  /** The published keys; who fetched them is noted. */
  readonly keySet: (fetched: { verifier: string; address: string }) => {
    readonly keys: readonly object[]
    readonly cacheSeconds: number
  }
  /** Signs the person of this browser in to the hosted pages. */
  readonly signInByLink: (ctx: Context, token: string) => Promise<'signed-in' | 'already-signed-in' | 'invalid'>
  /** True when pages of the origin may read what this client is answered. */
  readonly allowsOrigin: (clientId: string, origin: string) => Promise<boolean>
  /** False when there is no such client; a disabled one is a client. */
  readonly isClient: (clientId: string) => Promise<boolean>
  /** A request came, and the dialect's own client does not exist: something for an operator to mend. */
  readonly onMissingClient: (dialect: string, clientId: string, requestId: string) => void
  /** A dialect's own client may not do what an endpoint needs of it: something for an operator to mend. */
  readonly onUnfitClient: (dialect: string, clientId: string, reason: string) => void
  readonly onUse: (use: DialectUse) => void
  readonly onError: (error: unknown, requestId: string) => void
}

export type MountedDialect = Mount & {
  readonly dialect: Dialect
  readonly clientId: string
  readonly sunset?: Sunset
}

/** One answer of an endpoint; `clientId` is missing when no known client came through it. */
export type DialectUse = {
  readonly dialect: string
  readonly endpoint: string
  readonly status: number
  readonly clientId?: string
}
