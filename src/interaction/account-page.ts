import type { Context } from 'koa'
import type { CustomerPasskeys } from '../customers/passkeys/customer-passkeys.ts'
import type { EmailChanges } from '../customers/recovery/email-changes.ts'
import type { Recovery } from '../customers/recovery/recovery.ts'
import type { MailBudgets } from '../customers/recovery/recovery-budgets.ts'
import type { Unblock } from '../customers/recovery/recovery-unblock.ts'
import type { Registration } from '../customers/recovery/registration.ts'
import type { AnswerPage } from './answer-page.ts'
import type { Csrf } from './csrf.ts'
import type { DeviceCookie } from './device-cookie.ts'
import type { Pages } from './pages.ts'
import type { WayBack } from './way-back.ts'

/** What the pages around signing in are built on. */
export type AccountRoutesDeps = {
  readonly pages: Pages
  readonly issuer: string
  /** HMAC keys for form tokens, newest first. */
  readonly csrfKeys: readonly [string, ...string[]]
  readonly device: DeviceCookie
  readonly budgets: MailBudgets
  readonly recovery: Recovery
  readonly unblock: Unblock
  readonly emailChanges: Pick<EmailChanges, 'find' | 'undo'>
  readonly registration: Registration
  /** Where customers may have passkeys. */
  readonly passkeys?: Pick<CustomerPasskeys, 'list'>
  /** Whether new customers may register themselves. */
  readonly isRegistrationOpen: boolean
  /** In characters, for the hint at password fields. */
  readonly minLength: number
}

/** What each of these pages needs. */
export type AccountPagesDeps = AccountRoutesDeps & {
  readonly answerPage: AnswerPage
  readonly csrf: Csrf
  readonly wayBack: WayBack
}

/** A page with one form. */
export type AccountPage = {
  open(ctx: Context): Promise<void>
  submit(ctx: Context, form: Readonly<Record<string, string>>): Promise<void>
}
