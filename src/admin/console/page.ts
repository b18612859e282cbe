import type { Context } from 'koa'
import type { Actor } from '../../administrators/administrator.ts'
import type { Problem } from '../problem.ts'
import type { ConsoleApi } from './console-api.ts'

/** A request for a page by an operator who is signed in. */
export type ConsoleRequest = {
  readonly ctx: Context
  /** The admin API with the operator's own credential. */
  readonly api: ConsoleApi
  readonly operator: Actor
  /** What the address names: `/console/keys/:kid`. */
  readonly params: Readonly<Record<string, string>>
  /** The query; the last value of a name that appears twice. */
  readonly query: Readonly<Record<string, string>>
  /** Answers with a page. */
  show(name: string, view: object, options?: ShowOptions): void
  /** Keeps a value, such as a new secret, that the next page at `path` shows once. */
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
  open(request: ConsoleRequest): Promise<void>
  submit?(request: ConsoleRequest, form: Form): Promise<void>
}

/** What a page says about a form that was refused. */
export type Refusal = Pick<Problem, 'status' | 'message'>

/** Whether the same act would be refused again: the operator may not, there is no such thing, or its state forbids it. */
export function isFinal(refusal: Refusal | undefined): boolean {
  return refusal !== undefined && [403, 404, 409].includes(refusal.status)
}
