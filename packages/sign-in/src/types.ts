/** What a server offers next. `step` names it; the other members depend on the step. */
export type Step = { readonly step: string; readonly [member: string]: unknown }

/** Why a step was not taken. Say it in your own words, by `code`. */
export type Problem = { readonly code: string; readonly retry_after?: number }

/** What a step is answered with, for example `{ otp: '123456' }`. */
export type StepAnswer = Readonly<Record<string, string | undefined>>

/** Shows the steps and returns the answer to one of them; `undefined` gives up. */
export type OnStep = (steps: readonly Step[], problem: Problem | undefined) => Promise<StepAnswer | undefined>

/** How a sign-in is asked for. */
export type LoginOptions = {
  /** Without it the app shows a password field alone, and accounts that need more go on in the browser. */
  readonly onStep?: OnStep
  /** More parameters of the request, such as `acr_values`, `max_age`, `ui_locales` or `company_user_id`. */
  readonly parameters?: Readonly<Record<string, string>>
}

/** Tokens of a customer who is signed in. The access token works with a proof only: use `fetch`. */
export type Tokens = {
  readonly accessToken: string
  readonly tokenType: string
  /** Epoch milliseconds. */
  readonly expiresAt: number
  readonly idToken?: string | undefined
  readonly scope?: string | undefined
}

/** A key of the platform's Web Crypto, whose type browsers and Node name differently. */
type Key = Parameters<typeof crypto.subtle.sign>[1]

export type KeyPair = { readonly publicKey: Key; readonly privateKey: Key }

/** What is kept between calls. The key cannot be exported; a browser keeps it in IndexedDB. */
export type State = {
  readonly key: KeyPair
  readonly tokens?: Tokens | undefined
  readonly refreshToken?: string | undefined
  readonly authSession?: string | undefined
  /** A sign-in that went on in the browser. */
  readonly pending?: { readonly verifier: string; readonly state: string; readonly redirectUri: string } | undefined
}

/** Where the state is kept: in memory unless given. */
export type Store = {
  get(): Promise<State | undefined>
  set(state: State | undefined): Promise<void>
}

export type SignInOptions = {
  /** The server, for example `https://login.shop.example`. */
  readonly issuer: string
  readonly clientId: string
  /** Unless given: `openid`. */
  readonly scope?: string
  /** Where the browser comes back to, if a sign-in goes on there. */
  readonly redirectUri?: string
  /** Opens an address; the address that the browser came back to, or `undefined` where the page is left: then call `finish` there. */
  readonly openBrowser?: (url: string) => Promise<string | undefined>
  readonly store?: Store
  /** Unless given: the one of the platform. */
  readonly fetch?: typeof fetch
}
