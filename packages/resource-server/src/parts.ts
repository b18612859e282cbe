import { createDpop, type Dpop } from './binding/dpop.ts'
import { createMtls, type Mtls } from './binding/mtls.ts'
import { createQuietEmit, type Emit, logToConsole, safely } from './events.ts'
import { createIntrospection, type Introspection } from './introspection.ts'
import { createKeySet, type KeySet } from './keys/key-set.ts'
import { createVerifyDocument } from './keys/verify-document.ts'
import { createVerifyToken, type VerifyToken } from './keys/verify-token.ts'
import type { Settings } from './options.ts'
import { createAsk } from './outgoing.ts'
import { createFeed, type Feed } from './revocations/feed.ts'
import { createJudgeToken, type JudgeToken } from './revocations/judge.ts'
import { createStatusLists } from './revocations/status-lists.ts'
import { createFindMetadata, type ServerMetadata } from './server-metadata.ts'

export type Parts = {
  readonly emit: Emit
  readonly keySet: KeySet
  readonly verifyToken: VerifyToken
  readonly judgeToken: JudgeToken
  readonly feed: Feed | undefined
  readonly introspection: Introspection | undefined
  readonly dpop: Dpop | undefined
  readonly mtls: Mtls | undefined
}

/** Makes what a resource server consists of. Nothing is fetched yet. */
export function createParts(settings: Settings): Parts {
  const { issuer, clock: now, clockSkewSeconds, fetch: fetcher, timeoutMs } = settings
  const emit = safely(settings.onEvent ?? logToConsole)
  /** For what happens once a request. */
  const quietly = createQuietEmit(emit, now)
  const ask = createAsk(fetcher, timeoutMs)
  const findMetadata = createFindMetadata(issuer, ask, now)
  const named = (given: string | undefined, member: keyof ServerMetadata) => async () => {
    const url = given ?? (await findMetadata())[member]
    if (url === undefined) throw new Error(`the metadata of ${issuer} names no ${member}`)
    return url
  }

  const keySet = createKeySet({ url: named(settings.jwksUri, 'jwksUri'), ask, options: settings.keys, emit, now })
  const verifyDocument = createVerifyDocument(keySet, clockSkewSeconds)

  const introspection =
    settings.introspection &&
    createIntrospection({
      options: settings.introspection,
      settings,
      url: named(settings.introspection.url, 'introspectionEndpoint'),
      ask,
      emit: quietly,
    })
  const { revocations = true, statusLists: lists } = settings
  const { url, waitSeconds = 0, maxEntries = 100_000 } = typeof revocations === 'object' ? revocations : {}
  const feed =
    revocations === false
      ? undefined
      : createFeed({
          issuer,
          url: async () => url ?? (await findMetadata()).revocationFeed,
          ask,
          verifyDocument,
          waitSeconds,
          maxEntries,
          clockSkewSeconds,
          emit,
          now,
        })
  const { origins = [], maxLists = 16 } = typeof lists === 'object' ? lists : {}
  const statusLists = lists
    ? createStatusLists({ issuer, origins, maxLists, ask, verifyDocument, emit: quietly, now })
    : undefined

  warnOf(settings, emit)
  return {
    emit,
    keySet,
    verifyToken: createVerifyToken(settings, keySet),
    judgeToken: createJudgeToken({ feed, statusLists, introspection, emit: quietly }),
    feed,
    introspection,
    dpop: dpopOf(settings, quietly),
    mtls: settings.mtls ? createMtls(settings.mtls === true ? {} : settings.mtls) : undefined,
  }
}

function dpopOf(settings: Settings, emit: Emit): Dpop | undefined {
  const { dpop, publicUrl, resource, clockSkewSeconds, clock: now } = settings
  if (!dpop) return undefined
  return createDpop({
    options: dpop === true ? {} : dpop,
    publicUrl: publicUrl ?? (resource === undefined ? undefined : new URL(resource).origin),
    clockSkewSeconds,
    onFull() {
      const message = 'No more DPoP proofs can be remembered: requests are answered 503. Raise dpop.maxProofs.'
      emit({ event: 'dpop.replay-store-full', level: 'error', message })
    },
    now,
  })
}

function warnOf({ issuer, dpop, publicUrl, resource }: Settings, emit: Emit): void {
  const { protocol, hostname } = new URL(issuer)
  if (protocol === 'http:' && !/^(localhost|127\.[\d.]+|\[::1\])$/.test(hostname)) {
    const message = 'The issuer is reached without TLS: whoever is between can replace its keys.'
    emit({ event: 'issuer.plain-http', level: 'warn', message, issuer })
  }
  if (dpop && !publicUrl && !resource) {
    const message = 'Without publicUrl DPoP proofs are compared with the Host header, which clients choose.'
    emit({ event: 'dpop.no-public-url', level: 'warn', message })
  }
}
