import type { MandateView } from '../mandates/mandate-view.ts'
import type { ScopeView } from '../scope-views.ts'
import type { Notice } from '../way-back.ts'

/** The client as a page shows it; links are already checked (`safeLink`). */
export type ClientView = {
  readonly clientName: string
  readonly logo?: string
  readonly policy?: string
  readonly terms?: string
}

/** Where a client of others comes from; empty for the shop's own. */
export type ClientOrigin = {
  readonly host?: string
  /** An operator registered it. */
  readonly isAddedByShop?: boolean
  /** The host that a person goes on to after the answer. */
  readonly leadsTo?: string
  /** Whether they go on to a program on their own device. */
  readonly leadsToDevice?: boolean
  /** Any program there could say that it is this app. */
  readonly mayBePretended?: boolean
}

/** Why the login page is shown again. */
export type LoginProblem =
  | 'missing'
  | 'wrong'
  | 'unconfirmed'
  | 'more-than-code'
  | 'locked'
  | 'busy'
  | 'away'
  | 'passkey'
  | 'provider-away'
  | 'provider-refused'
  | 'provider-unknown'
  | 'provider-account'

/** The forms of a page in an interaction. */
export type FormView = {
  /** `/interaction/:uid`, where the forms of this page are sent below. */
  readonly path: string
  readonly csrf: string
}

/** The login form, first or again. */
export type LoginView = ClientView &
  FormView & {
    readonly login?: string
    /** The address is of the account that this browser remembers, and is shown with most of it left out. */
    readonly isRemembered?: boolean
    readonly remember?: boolean
    readonly problem?: LoginProblem
    readonly missing?: readonly ('login' | 'password')[]
    readonly waitSeconds?: number
    readonly notice?: Notice
    /** The sign-in provider that the problem is about. */
    readonly provider?: string
    /** Where the address comes first: which of the two is asked for. Without it, both are. */
    readonly stage?: 'identifier' | 'password'
    /** Where another address is typed. */
    readonly other?: string
    /** Other providers to sign in at, in the order of their buttons. */
    readonly providers?: readonly { readonly id: string; readonly name: string }[]
    /** Other pages of ours, where they are offered. */
    readonly recovery?: string
    readonly registration?: string
    /** Whether a locked or unconfirmed person can get a link by mail. */
    readonly offersMail?: boolean
    /** Whether a code can be mailed in place of the password. */
    readonly offersCode?: boolean
    /** What the browser is asked to prove with a passkey, where there are any. */
    readonly passkey?: object
    /** What the browser may tell the password manager about a passkey that is not known here. */
    readonly unknownPasskey?: object
  }

/** The form for a code that was mailed, if there is an account for the login. */
export type SignInCodeView = ClientView &
  FormView & {
    readonly login: string
    /** As on the login page. */
    readonly isRemembered?: boolean
    readonly remember?: boolean
    readonly problem?: 'missing' | 'wrong'
  }

/** The offer of a passkey after a sign-in by password. */
export type PasskeyOfferView = FormView & {
  /** What the browser is asked to make. */
  readonly options: object
  /** The same, to be made without asking the person. */
  readonly upgrade?: object | undefined
  /** The one that was made was not accepted. */
  readonly isRefused: boolean
}

/** The choice between the account of this session and another one. */
export type AccountChoiceView = ClientView & FormView & { readonly login: string; readonly other: string }

/** A company that can be chosen. */
export type CompanyChoice = {
  readonly id: string
  readonly name: string
  /** Business unit and roles. */
  readonly detail: string
  /** The shop's own number of the company user. */
  readonly number?: number
}

/** The companies to choose from, as the page shows them. */
export type CompanyChoices = {
  readonly companies: readonly CompanyChoice[]
  /** What was searched for; absent where there is no search. */
  readonly search?: string
  /** Whether there are more than are shown. */
  readonly hasMore: boolean
}

/** The companies that a person may act for, each a button. */
export type CompanyChoiceView = ClientView &
  FormView &
  CompanyChoices & {
    readonly login: string
    /** The customer's own number at the shop. */
    readonly own: string
    readonly mayRemember: boolean
  }

/** Whether an account at a provider is connected with the one that was just signed in to. */
export type ConnectView = FormView & {
  readonly provider: string
  /** The address of the account there, where it has one. */
  readonly account: string | undefined
  readonly login: string
}

/** What a client asks the person to allow: the part of the page that is kept on record with the answer. */
export type ConsentAsks = ClientView &
  ClientOrigin & {
    /** The company that the person acts for. */
    readonly company?: string
    readonly scopes: readonly ScopeView[]
    readonly claims: readonly string[]
    /** What the client wants to buy. */
    readonly mandate?: MandateView | undefined
    readonly problem?: string
    /** The fields that the problem is about. */
    readonly fields?: readonly string[]
  }

/** The same as a page with its form. */
export type ConsentView = ConsentAsks &
  FormView & {
    /** Whose account it is, as the person knows it. */
    readonly login?: string
    /** The languages that the page was asked for in, for the record of what it said. */
    readonly languages?: string
  }
