import type { Form } from '../standalone-forms.ts'
import type { AccountPartView } from '../views/account.ts'
import type { Visit } from './visit.ts'

/** The pages of the account, in the order of their links; `overview` is `/account` itself. */
export const ACCOUNT_PAGES = [
  'overview',
  'profile',
  'security',
  'sessions',
  'apps',
  'companies',
  'activity',
  'data',
] as const
export type AccountPageName = (typeof ACCOUNT_PAGES)[number]

/** What a template below `views/account/` shows. */
export type AccountView = AccountPartView

/** A part of a page of the account, with what its forms do. */
export type AccountSection = {
  readonly page: AccountPageName
  /** Undefined where there is nothing to show. */
  show(visit: Visit): Promise<AccountView | undefined>
  readonly acts: readonly AccountAct[]
}

/** What was typed, without secrets, and what is wrong with it: a form is shown again with both. */
export type FormState = {
  readonly values: Form
  /** The text is `account.problem.…`. */
  readonly problem?: string
  /** The fields that the problem is about. */
  readonly fields?: readonly string[]
  readonly waitSeconds?: number
}

/** How an act ended. */
export type ActResult =
  /** The text of the notice is `account.done.…`; the page is that of the section unless said. */
  | { readonly outcome: 'done'; readonly notice: string; readonly page?: AccountPageName }
  | (Omit<FormState, 'values'> & { readonly outcome: 'refused'; readonly problem: string; readonly status?: number })
  /** What it was about is not there, or not theirs; the answer does not say which. */
  | { readonly outcome: 'unknown' }
  /** The act has answered the request itself. */
  | { readonly outcome: 'answered' }

/** One thing that a customer does to the account, by a form that is posted to `/account/PATH`. */
export type AccountAct = {
  readonly path: string
  /** Wants a fresh sign-in, before the form is shown and when it is sent. Needs a form of its own (`open`). */
  readonly isSensitive?: boolean
  /** The fields that are shown again after a refusal or a sign-in. Never a password. */
  readonly keeps?: readonly string[]
  /** The form on a page of its own; undefined for something that is not there. An act without it is a button of its section. */
  open?(visit: Visit, state: FormState): Promise<AccountView | undefined>
  submit(visit: Visit, form: Form): Promise<ActResult>
}
