import type { Config } from '../../config.ts'
import type { Routes } from '../../http/routing/other-methods.ts'
import type { Log } from '../../log.ts'
import { namesOf } from '../../shared-signals/subjects.ts'
import { createAuthorize } from '../../signal-endpoints/bearer.ts'
import { createMetadataRoute } from '../../signal-endpoints/streams/metadata-route.ts'
import { createPollRoutes } from '../../signal-endpoints/streams/poll-routes.ts'
import { createStatusRoutes } from '../../signal-endpoints/streams/status-routes.ts'
import { createStreamRoutes } from '../../signal-endpoints/streams/stream-routes.ts'
import { createSubjectRoutes } from '../../signal-endpoints/streams/subject-routes.ts'
import type { AppParts } from '../shared.ts'
import { createFindLinked } from './global-revocation.ts'

/** Where receivers of Shared Signals look after their streams. */
export function createStreamEndpoints(
  { ISSUER: issuer }: Config,
  log: Log,
  { backends, services }: AppParts,
): Routes[] {
  const { clients, judgeToken, signals } = services
  const { streams, rows, exclusions, mailbox, waiters, signSet, addressProblem } = signals
  const authorize = createAuthorize({ judgeToken, audience: issuer, findClient: clients.findClient })
  const findLinked = createFindLinked(services)
  const own = { authorize, streams }
  return [
    createMetadataRoute(issuer),
    createStreamRoutes({
      ...own,
      issuer,
      authorizationOf: rows.authorizationOf,
      urlProblem: addressProblem,
      audit: backends.auditTrail.append,
    }),
    createStatusRoutes(own),
    createSubjectRoutes({
      ...own,
      exclusions,
      namesOf: (subject) => namesOf(subject, { issuer, findLinked }),
      storage: backends.storage,
    }),
    createPollRoutes({ ...own, mailbox, waiters, notePoll: rows.notePoll, signSet, log }),
  ]
}
