import type { z } from 'zod'
import type { Actor } from '../../administrators/administrator.ts'
import type { Permission } from '../../administrators/role.ts'
import type { AuditEventType } from '../../audit/events.ts'

/** What a handler gets: parsed by the route's schemas, from an actor who has the permission. */
export type RouteRequest<Params = unknown, Query = unknown, Body = unknown> = {
  readonly actor: Actor
  readonly params: Params
  readonly query: Query
  readonly body: Body
  /** Of routes with `revision: 'expected'`: the revision the caller saw last. */
  readonly seen: string
  /** Of routes with `takesLines`: the body as it arrives. */
  readonly stream: AsyncIterable<Buffer>
  readonly ip: string
  readonly requestId: string
  /** Tells the audit trail what the act changed; with several, members that are given later count. */
  readonly note: (noted: Noted) => void
}

/** What an act changed, and whom it was about, where neither the path nor the answer says so. */
export type Noted = AuditSubject & { readonly before?: object; readonly after?: object }

/** Whom an act was about, for the audit trail. */
export type AuditSubject = { readonly customerId?: string; readonly clientId?: string; readonly grantId?: string }

type Described<Params, Query, Body, Result> = {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  /** As OpenAPI writes it: `/v1/keys/{kid}`. */
  readonly path: string
  readonly summary: string
  /** What is to be known beyond the summary. */
  readonly description?: string
  /** Who may: `public` is for the few that are asked before a sign-in. */
  readonly permission: Permission | 'public'
  /** A further permission that the content of the request asks for. */
  readonly alsoNeeds?: (request: RouteRequest<Params, Query, Body>) => Permission | undefined
  /** Of a success; 200 unless given. */
  readonly status?: 201 | 204
  /** `shown`: the answer has an ETag. `expected`: the caller says with If-Match what was seen before (RFC 9110 §13.1.1). */
  readonly revision?: 'shown' | 'expected'
  /** The part of the answer that the revision is of, where the answer says more than what is stored. */
  readonly revised?: (result: Result) => object
  /** Statuses of refusals of its own. */
  readonly refusals?: readonly (404 | 409 | 429 | 503)[]
  /**
   * What is audited when it succeeded; every act has one, and reading has one where the trail must know. What does
   * nothing but end sign-ins has none: endings are audited where they happen.
   */
  readonly audit?: AuditEventType
  readonly about?: (request: RouteRequest<Params, Query, Body>, result: Result) => AuditSubject
  readonly takesLines?: true
}

type Schemas<Params, Query, Body, Result> = {
  readonly params?: Params
  readonly query?: Query
  readonly body?: Body
  readonly result: Result
}

/** A route as the API serves and documents it. */
export type Route = Described<unknown, unknown, unknown, unknown> &
  Schemas<z.ZodObject, z.ZodObject, z.ZodType, z.ZodType> & {
    readonly handle?: (request: RouteRequest) => Promise<unknown>
    readonly lines?: (request: RouteRequest) => AsyncIterable<object>
  }

/** Answers are written and not changed: what is readonly inside may be shown. */
type Shown<T> = T extends readonly (infer Item)[]
  ? readonly Shown<Item>[]
  : T extends object
    ? { readonly [Key in keyof T]: Shown<T[Key]> }
    : T

type Typed<Params extends z.ZodType, Query extends z.ZodType, Body extends z.ZodType, Result extends z.ZodType> =
  // The parts as they come out of the schemas.
  Described<z.output<Params>, z.output<Query>, z.output<Body>, Shown<z.input<Result>>> &
    Schemas<Params, Query, Body, Result> &
    (
      | {
          readonly handle: (
            request: RouteRequest<z.output<Params>, z.output<Query>, z.output<Body>>,
          ) => Promise<Shown<z.input<Result>>>
        }
      /** Answers line by line (NDJSON); `result` describes a line. */
      | {
          readonly lines: (
            request: RouteRequest<z.output<Params>, z.output<Query>, z.output<Body>>,
          ) => AsyncIterable<object>
        }
    )

/** One thing the admin API can be asked for. The types of what the handler takes and gives follow from the schemas. */
export function route<
  Result extends z.ZodType,
  Params extends z.ZodObject = z.ZodObject<Record<never, never>>,
  Query extends z.ZodObject = z.ZodObject<Record<never, never>>,
  Body extends z.ZodType = z.ZodUndefined,
>(definition: Typed<Params, Query, Body, Result>): Route {
  // The API hands the handler nothing that did not pass these very schemas.
  return definition as unknown as Route
}
