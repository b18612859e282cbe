import type { Context } from 'koa'
import type { Actor } from '../../administrators/administrator.ts'
import type { Problem } from '../problem.ts'
import type { ConsoleApi } from './console-api.ts'

/** One request for a page by somebody who is signed in. */
export type Visit = {
  readonly ctx: Context
  /** The admin API with the operator's own credential. */
  readonly api: ConsoleApi
  readonly operator: Actor
  /** What the address names: `/console/keys/:kid`. */
  readonly params: Readonly<Record<string, string>>
  /** What the address asks for; a name that appears twice counts once. */
  readonly query: Readonly<Record<string, string>>
  /** Answers with a page. */
  show(name: string, view: object, options?: ShowOptions): void
  /** Something that the next page at `path` shows once, and nothing keeps after that: a new secret. */
  showOnce(path: string, value: string): Promise<void>
  /** What `showOnce` left for this page. */
  takeOnce(): Promise<string | undefined>
}

export type ShowOptions = { readonly status?: number }

/** A form that was filled in on our page, each field once. */
export type Form = Readonly<Record<string, string>>

/** An address of the console. A form is sent to the address of its page, so that a refusal is shown in place. */
export type ConsolePage = {
  /** Below `/console`, as the router writes it. */
  readonly path: string
  open(visit: Visit): Promise<void>
  submit?(visit: Visit, form: Form): Promise<void>
}

/** What a page says about a form that was refused. */
export type Refusal = Pick<Problem, 'status' | 'message'>
