import type { LibraryForm } from './library-form.ts'

/** The client as a page shows it; links are already checked (`safeLink`). */
export type ClientView = {
  readonly clientName: string
  readonly logo?: string
  readonly policy?: string
  readonly terms?: string
}

/** Why the login page is shown again. */
export type LoginProblem = 'missing' | 'wrong' | 'unconfirmed' | 'locked' | 'busy'

type FormView = {
  /** `/interaction/:uid`, where the forms of this page are sent below. */
  readonly path: string
  readonly csrf: string
}

/** The login form, first or again. */
export type LoginView = ClientView &
  FormView & {
    readonly login?: string
    readonly remember?: boolean
    readonly problem?: LoginProblem
    readonly missing?: readonly ('login' | 'password')[]
    readonly waitSeconds?: number
  }

/** What a client asks the person to allow. */
export type ConsentView = ClientView &
  FormView & {
    /** Whose account it is, as the person knows it. */
    readonly login?: string
    readonly scopes: readonly string[]
    readonly claims: readonly string[]
  }

/** Why the page for a device's code is shown again. */
export type DeviceProblem = 'missing' | 'wrong' | 'aborted' | 'other'

/** What happened, by a code that the texts explain. */
export type ErrorView = {
  /** An OAuth error code, or one of ours; a code without texts of its own gets general ones. */
  readonly code: string
  readonly detail?: string
  readonly requestId?: string
  /** Where the page can be opened again, when that helps. */
  readonly reload?: string
}

/** What each page is given; a page never sees more. */
export type PageViews = {
  readonly login: LoginView
  readonly consent: ConsentView
  readonly logout: { readonly form: LibraryForm }
  readonly 'signed-out': { readonly clientName?: string }
  readonly device: { readonly form: LibraryForm; readonly userCode?: string; readonly problem?: DeviceProblem }
  readonly 'device-confirm': {
    readonly form: LibraryForm
    readonly clientName: string
    readonly userCode: string
    readonly scopes: readonly string[]
  }
  readonly 'device-done': { readonly clientName?: string }
  readonly error: ErrorView
}

/** A page is a template of this name. */
export type PageName = keyof PageViews
