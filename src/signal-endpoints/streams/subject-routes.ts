import { Router } from '@koa/router'
import type { Context } from 'koa'
import { type Routes, routed } from '../../http/routing/other-methods.ts'
import type { ExclusionRows } from '../../shared-signals/exclusion-rows.ts'
import { readSubjectIdentifier, type SubjectIdentifier } from '../../shared-signals/subject-identifier.ts'
import { hashId } from '../../storage/hash-id.ts'
import type { Storage } from '../../storage/storage.ts'
import { refuse } from '../bearer.ts'
import { type OwnStreamDeps, ownStreamOfBody } from './own-stream.ts'

export const SUBJECT_PATHS = { add: '/ssf/subjects/add', remove: '/ssf/subjects/remove' } as const

export type SubjectRoutesDeps = OwnStreamDeps & {
  readonly exclusions: Pick<ExclusionRows, 'add' | 'remove'>
  /** The names of a subject in signals; none for a subject that no signal is about. */
  readonly namesOf: (subject: SubjectIdentifier) => Promise<readonly string[]>
  readonly storage: Pick<Storage, 'increment'>
}

const PER_MINUTE = 600
const MINUTE_SECONDS = 60

/**
 * Of whom a stream tells (SSF 1.0 §8.1.3): of everybody, but for those whom its receiver removed. An answer does not say whether there is
 * such a person.
 */
export function createSubjectRoutes(deps: SubjectRoutesDeps): Routes {
  const { exclusions } = deps
  const router = new Router()

  router.post(SUBJECT_PATHS.add, async (ctx) => {
    const asked = await readAsked(deps, ctx)
    if (!asked) return
    await exclusions.remove(asked.streamId, asked.names)
    ctx.status = 200
    ctx.body = ''
  })

  router.post(SUBJECT_PATHS.remove, async (ctx) => {
    const asked = await readAsked(deps, ctx)
    if (!asked) return
    const isKept = await exclusions.add(asked.streamId, asked.names)
    if (!isKept) return refuse(ctx, 400, 'invalid_request', 'as many subjects as can be removed are removed')
    ctx.status = 204
  })

  return routed(router)
}

async function readAsked(deps: SubjectRoutesDeps, ctx: Context) {
  const own = await ownStreamOfBody(deps, ctx)
  if (!own || !(await isWithinLimit(deps, ctx, own.caller.clientId))) return undefined
  const subject = readSubjectIdentifier(own.body.subject)
  if (subject) return { streamId: own.stream.id, names: await deps.namesOf(subject) }
  refuse(ctx, 400, 'invalid_request', 'subject must be a subject identifier (RFC 9493, SSF 1.0 §3)')
  return undefined
}

async function isWithinLimit({ storage }: SubjectRoutesDeps, ctx: Context, clientId: string): Promise<boolean> {
  const count = await storage.increment(`ssf-subjects:${hashId(clientId)}`, MINUTE_SECONDS)
  if (count <= PER_MINUTE) return true
  ctx.set('Retry-After', String(MINUTE_SECONDS))
  refuse(ctx, 429, 'temporarily_unavailable', `more than ${PER_MINUTE} requests in a minute`)
  return false
}
