import type { z } from 'zod'
import type { Actor } from '../administrators/administrator.ts'
import { mayDo, PERMISSIONS, type Permission } from '../administrators/role.ts'
import type { Audit, AuditEventType } from '../audit/events.ts'
import { revisionOf } from '../database/revision.ts'
import { unstorable } from '../database/storable.ts'
import { describeChange } from './describe-change.ts'
import { MethodProblem, Problem } from './problem.ts'
import type { Noted, Route, RouteRequest } from './routes/route.ts'

/** A request of the admin API, wherever it came from: the listener or a page of the console. */
export type ApiRequest = {
  readonly method: string
  /** Percent-encoded, without the query. */
  readonly path: string
  readonly query?: Readonly<Record<string, unknown>>
  /** Called only when the actor may do this. */
  readonly readBody?: () => Promise<unknown>
  readonly stream?: AsyncIterable<Buffer>
  /** The header: an ETag in quotes, or `*`. */
  readonly ifMatch?: string
  /** Absent without a valid credential. */
  readonly actor?: Actor | undefined
  readonly ip: string
  readonly requestId: string
}

export type ApiAnswer = {
  readonly status: number
  readonly body?: unknown
  readonly lines?: AsyncIterable<object>
  readonly etag?: string
}

export type AdminApi = ReturnType<typeof createAdminApi>

/** The admin API apart from HTTP: finds the route, sees that the actor may, parses, acts, audits. */
export function createAdminApi({ routes, audit }: { readonly routes: readonly Route[]; readonly audit: Audit }) {
  const matchers = routes.map(toMatcher).sort((a, b) => a.names.length - b.names.length)

  function find(method: string, path: string) {
    const fitting = matchers.flatMap((matcher) => {
      const found = matcher.pattern.exec(path)
      return found ? [{ route: matcher.route, params: toParams(matcher.names, found) }] : []
    })
    return { found: fitting.find(({ route }) => route.method === method), fitting }
  }

  function note(
    type: AuditEventType,
    { method, path, ip, requestId }: ApiRequest,
    actor: Actor,
    noted: Noted = {},
  ): void {
    const who = actor === NOBODY ? {} : { actor: actor.name }
    const { before, after, ...subject } = noted
    const change = describeChange(noted)
    const reason = `${method} ${path}${change && `: ${change}`}`
    audit({ type, ...who, reason, ip, requestId, ...subject })
  }

  function refuse(request: ApiRequest, actor: Actor, permission: Permission): never {
    note('admin.refused', request, actor)
    const needed = PERMISSIONS[permission].from
    throw new Problem(
      403,
      'not-allowed',
      `This needs the role "${needed}" or a higher one; your role is "${actor.role}".`,
    )
  }

  return {
    routes,

    /** @throws {Problem} for every refusal. */
    async answer(request: ApiRequest): Promise<ApiAnswer> {
      const { found, fitting } = find(request.method === 'HEAD' ? 'GET' : request.method, request.path)
      const { actor = NOBODY } = request
      if (actor === NOBODY && found?.route.permission !== 'public') {
        note('admin.refused', request, actor)
        throw notSignedIn()
      }
      if (!found) throw fitting.length > 0 ? wrongMethod(request, fitting) : nothingThere(request)
      const { route } = found
      const may = (permission: Permission) => mayDo(actor.role, permission) || refuse(request, actor, permission)
      if (route.permission !== 'public') may(route.permission)
      if (actor.lacksSecondFactor && !NEEDS_NO_FACTOR.includes(route.permission)) throw noSecondFactor()
      let noted: Noted = {}
      const asked: RouteRequest = {
        actor,
        params: parse(route.params, found.params, 'path'),
        query: parse(route.query, request.query ?? {}, 'query'),
        body: route.body ? parse(route.body, (await request.readBody?.()) ?? {}, 'body') : undefined,
        seen: route.revision === 'expected' ? revisionIn(request.ifMatch) : '',
        stream: request.stream ?? nothing(),
        ip: request.ip,
        requestId: request.requestId,
        note: (further) => {
          noted = { ...noted, ...further }
        },
      }
      const further = route.alsoNeeds?.(asked)
      if (further) may(further)
      const result = route.lines ? undefined : await route.handle?.(asked)
      if (route.audit) note(route.audit, request, actor, { ...noted, ...route.about?.(asked, result) })
      const status = route.status ?? 200
      if (route.lines) return { status, lines: route.lines(asked) }
      const revised = route.revised?.(result) ?? (result as object) // a route with a revision answers with an object
      return {
        status,
        ...(status !== 204 && { body: result }),
        ...(route.revision && status !== 204 && { etag: `"${revisionOf(revised)}"` }),
      }
    },
  }
}

const NOBODY: Actor = { kind: 'setting', name: 'nobody', role: 'viewer' }

function toMatcher(route: Route): { route: Route; pattern: RegExp; names: string[] } {
  const names = [...route.path.matchAll(/\{(\w+)\}/g)].map(([, name = '']) => name)
  return { route, names, pattern: new RegExp(`^${route.path.replaceAll(/\{\w+\}/g, '([^/]+)')}/?$`) }
}

function toParams(names: readonly string[], [, ...values]: RegExpExecArray): Record<string, string> {
  try {
    return Object.fromEntries(names.map((name, index) => [name, decodeURIComponent(values[index] ?? '')]))
  } catch {
    throw new Problem(400, 'invalid-path', 'The path is not percent-encoded UTF-8.')
  }
}

function parse(schema: z.ZodType | undefined, value: unknown, where: 'path' | 'query' | 'body'): unknown {
  if (!schema) return {}
  const flaw = where === 'query' ? undefined : unstorable(value)
  if (flaw) throw new Problem(400, `invalid-${where}`, flaw)
  const parsed = schema.safeParse(value)
  if (parsed.success) return parsed.data
  const complaints = parsed.error.issues.map((issue) => `${issue.path.join('.') || where}: ${issue.message}`)
  throw new Problem(400, `invalid-${where}`, complaints.join('; '))
}

function revisionIn(ifMatch: string | undefined): string {
  if (ifMatch === undefined || ifMatch === '') {
    throw new Problem(428, 'if-match-missing', 'Send the ETag that you read as If-Match, or "*" to change any version.')
  }
  return ifMatch.trim() === '*' ? '*' : ifMatch.trim().replace(/^"|"$/g, '')
}

async function* nothing(): AsyncGenerator<Buffer> {}

/** What an administrator may do who has yet to get the second factor that is required. */
const NEEDS_NO_FACTOR: readonly Route['permission'][] = ['self:use', 'public']

function noSecondFactor(): Problem {
  const detail =
    'Administrators need a second factor here. Set yours up: POST /v1/self/second-factor, or in the console.'
  return new Problem(403, 'second-factor-needed', detail)
}

function notSignedIn(): Problem {
  return new Problem(401, 'not-signed-in', 'Send an admin token or a session as "Authorization: Bearer …".')
}

function wrongMethod({ method }: ApiRequest, fitting: readonly { route: Route }[]): Problem {
  return new MethodProblem(method, fitting.map(({ route }) => route.method).join(', '))
}

function nothingThere({ method, path }: ApiRequest): Problem {
  return new Problem(404, 'not-found', `There is nothing at ${method} ${path}.`)
}
