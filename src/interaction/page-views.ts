import type { PasswordRefusal } from '../customers/recovery/recovery-password-change.ts'
import type { LibraryForm } from './library-form.ts'
import type { ScopeView } from './scope-views.ts'
import type { AccountFormView, AccountPageView } from './views/account.ts'
import type { RecoveryCodesView, SecondFactorSetUpView, SecondFactorView } from './views/second-factor.ts'
import type {
  AccountChoiceView,
  CompanyChoiceView,
  ConnectView,
  ConsentView,
  LoginView,
  PasskeyOfferView,
  SignInCodeView,
} from './views/sign-in.ts'
import type { Notice } from './way-back.ts'

/** Why a page that asks for a password is shown again. */
export type PasswordProblem = PasswordRefusal | 'missing' | 'differs' | 'busy'

/** A form that is shown again with what was wrong. */
type RetriedForm = {
  readonly path: string
  readonly csrf: string
  readonly waitSeconds?: number
}

/** The form for a new password: after a link in a mail, or in the middle of a sign-in. */
export type NewPasswordView = RetriedForm & {
  /** Whose password it is; password managers ask. */
  readonly login: string
  readonly token?: string
  readonly minLength: number
  readonly problem?: PasswordProblem
  /** In a sign-in: the password was right and is not good enough. */
  readonly isForced?: boolean
  /** Where "not now" is sent to, if it may be said. */
  readonly later?: string
  /** At a recovery: whoever was in the account may have left some. `createdAt`: epoch seconds. */
  readonly passkeys?: readonly {
    readonly id: string
    readonly name?: string
    readonly createdAt: number
    /** Ticked in the form that is shown again. */
    readonly isKept: boolean
  }[]
}

/** The first page of a recovery. */
export type RecoveryView = RetriedForm & {
  readonly login?: string
  readonly problem?: 'missing' | 'too-many'
  readonly back?: string
}

export type RegistrationField = 'login' | 'givenName' | 'familyName' | 'password'

/** The form for a new account. */
export type RegistrationView = RetriedForm & {
  readonly login?: string
  readonly givenName?: string
  readonly familyName?: string
  readonly minLength: number
  readonly problem?: PasswordRefusal | 'missing' | 'too-many' | 'busy'
  readonly missing?: readonly RegistrationField[]
  readonly back?: string
}

/** What a link in a mail can be for, where a button is all that is asked. */
export type LinkKind = 'unblock' | 'confirmation' | 'email-undo'

/** The page behind such a link: looking at it does nothing, for mail scanners look, too. */
export type LinkView = RetriedForm & {
  readonly kind: LinkKind
  readonly token: string
  readonly login: string
  readonly needsPassword?: boolean
  readonly problem?: 'missing' | 'wrong' | 'busy'
}

/** What a person was told to look for in their mail. */
export const SENT_KINDS = ['recovery', 'unblock', 'registration', 'confirmation'] as const
export type SentKind = (typeof SENT_KINDS)[number]

/** Why the page for a device's code is shown again. */
export type DeviceProblem = 'missing' | 'wrong' | 'aborted' | 'other'

/** The way back to the client, where it is known and has an address. */
export type HomeView = {
  readonly clientName?: string | undefined
  readonly home?: string | undefined
  /** Where a sign-in at the client begins once more. */
  readonly startAgain?: string | undefined
}

/** What happened, by a code that the texts explain. */
export type ErrorView = HomeView & {
  /** An OAuth error code, or one of ours; a code without texts of its own gets general ones. */
  readonly code: string
  readonly detail?: string
  readonly requestId?: string
  /** Where the page can be opened again, when that helps. */
  readonly reload?: string
  /** Where one signs out without a client, when the client asked for it in vain. */
  readonly signOut?: string
}

/** What each page is given; a page never sees more. */
export type PageViews = {
  readonly login: LoginView
  readonly 'choose-account': AccountChoiceView
  readonly 'choose-company': CompanyChoiceView
  readonly 'passkey-offer': PasskeyOfferView
  readonly connect: ConnectView
  readonly consent: ConsentView
  readonly 'sign-in-code': SignInCodeView
  readonly 'second-factor': SecondFactorView
  readonly 'second-factor-set-up': SecondFactorSetUpView
  readonly 'recovery-codes': RecoveryCodesView
  readonly logout: { readonly form: LibraryForm }
  readonly 'signed-out': HomeView
  readonly staying: HomeView
  readonly device: { readonly form: LibraryForm; readonly userCode?: string; readonly problem?: DeviceProblem }
  readonly 'device-confirm': {
    readonly form: LibraryForm
    readonly clientName: string
    readonly userCode: string
    readonly scopes: readonly ScopeView[]
  }
  readonly 'device-done': HomeView
  readonly recovery: RecoveryView
  readonly 'new-password': NewPasswordView
  readonly registration: RegistrationView
  readonly link: LinkView
  readonly 'link-dead': { readonly kind: LinkKind | 'recovery'; readonly again?: string }
  /** `again` is the page that sends one more. */
  readonly sent: { readonly kind: SentKind; readonly back?: string | undefined; readonly again?: string | undefined }
  /** `recovery` is where a new password is chosen. */
  readonly done: { readonly notice: Notice; readonly recovery: string }
  readonly error: ErrorView
  readonly account: AccountPageView
  readonly 'account-form': AccountFormView
  /** The address of the server itself. */
  readonly start: { readonly recovery?: string | undefined }
}

/** A page is a template of this name. */
export type PageName = keyof PageViews
