import type { Factor } from '../../credentials/factor-guard.ts'
import type { QrCode } from '../../credentials/qr-code.ts'
import type { ClientView, FormView } from './sign-in.ts'

/** Why the page for a second factor is shown again. */
export type SecondFactorProblem = 'missing' | 'wrong' | 'locked' | 'too-many-mails'

/** The form for a code, after the right password. */
export type SecondFactorView = ClientView &
  FormView & {
    /** Whose account it is. */
    readonly login: string
    readonly way: Factor
    /** The other ways that are open. */
    readonly others: readonly Factor[]
    /** Whether the browser can be remembered. */
    readonly remembersDevices: boolean
    readonly isKept?: boolean
    readonly problem?: SecondFactorProblem
    readonly waitSeconds?: number
  }

/** An app that is being set up: its secret as a picture and as text, and unreadable for the form. */
export type SecondFactorSetUpView = FormView & {
  readonly login: string
  readonly secret: string
  readonly uri: string
  readonly qr: QrCode
  readonly enrolment: string
  readonly problem?: 'wrong' | 'too-late'
}

/** Recovery codes, which are shown once: `next` leads on, or a form in the middle of a sign-in. */
export type RecoveryCodesView = { readonly codes: readonly string[] } & (FormView | { readonly next: string })
