import { type Answer, createAsk } from './ask.ts'
import { random, sha256 } from './bytes.ts'
import { SignInError } from './errors.ts'
import { newKey } from './proof.ts'
import { memoryStore } from './store.ts'
import type { LoginOptions, OnStep, Problem, SignInOptions, State, Step, Tokens } from './types.ts'

/** An access token is replaced so long before it ends, in milliseconds. */
const EARLY_MS = 30_000
/** Of a password: the form that it was typed into says so. */
const REFUSED: readonly string[] = ['wrong_credentials', 'throttled']

export type SignIn = ReturnType<typeof createSignIn>

type Form = Readonly<Record<string, string | undefined>>

/** A client of the server for one app and one customer at a time. */
export function createSignIn(options: SignInOptions) {
  const { issuer, clientId, scope = 'openid', redirectUri, openBrowser, store = memoryStore() } = options
  const send: typeof fetch = options.fetch ?? ((...request) => fetch(...request))
  const ask = createAsk(issuer, send)
  let refreshing: Promise<Tokens> | undefined

  async function load(): Promise<State> {
    const kept = await store.get()
    if (kept) return kept
    const state = { key: await newKey() }
    await store.set(state)
    return state
  }

  const change = async (members: Partial<State>): Promise<void> => store.set({ ...(await load()), ...members })

  /** Asks until there is a code, step after step. */
  async function challenge(first: Form, { onStep, parameters }: LoginOptions): Promise<Tokens | undefined> {
    const { key } = await load()
    const { authorization_challenge_endpoint: url } = await ask.endpoints()
    if (url === undefined) throw new SignInError('bad_answer', 'the server has no authorization_challenge_endpoint')
    const verifier = random()
    const codeChallenge = await sha256(verifier)
    const state = random()
    const request: Form = {
      client_id: clientId,
      code_challenge: codeChallenge,
      code_challenge_method: 'S256',
      redirect_uri: redirectUri,
      state,
      // Without steps to show, accounts that need more go on in the browser.
      steps: onStep ? undefined : 'password',
      ...parameters,
    }
    let answer = await ask.post(key, url, { ...request, ...first })
    while (answer.error === 'insufficient_authorization') {
      const authSession = textOf(answer.auth_session)
      await change({ authSession })
      const given = await stepOf(answer, onStep)
      answer = await ask.post(key, url, { client_id: clientId, auth_session: authSession, ...given })
    }
    if (answer.error === 'redirect_to_web') return leave(answer, { verifier, codeChallenge, state })
    if (answer.error === 'invalid_session') await change({ authSession: undefined })
    if (answer.error !== undefined) throw refusalOf(answer)
    await change({ authSession: textOf(answer.auth_session) })
    return redeem({ code: textOf(answer.authorization_code), code_verifier: verifier })
  }

  /** The sign-in goes on in the browser. */
  async function leave(
    answer: Answer,
    { verifier, codeChallenge, state }: { verifier: string; codeChallenge: string; state: string },
  ): Promise<Tokens | undefined> {
    const { authorization_endpoint: endpoint } = await ask.endpoints()
    const pushed = textOf(answer.request_uri)
    const request = new URLSearchParams({ client_id: clientId })
    if (pushed !== undefined) request.set('request_uri', pushed)
    else {
      const plain = {
        response_type: 'code',
        scope,
        code_challenge: codeChallenge,
        code_challenge_method: 'S256',
        state,
      }
      for (const [name, value] of Object.entries(plain)) request.set(name, value)
      if (redirectUri !== undefined) request.set('redirect_uri', redirectUri)
    }
    const url = `${endpoint}?${request}`
    await change({ authSession: undefined, pending: { verifier, state, redirectUri: redirectUri ?? '' } })
    if (!openBrowser || redirectUri === undefined)
      throw new SignInError('browser_required', 'the sign-in goes on in the browser', { url })
    const back = await openBrowser(url)
    return back === undefined ? undefined : finish(back)
  }

  async function finish(address: string): Promise<Tokens> {
    const { pending } = await load()
    const answer = new URL(address).searchParams
    // Any page can open an address of the app: a wrong one leaves the sign-in under way as it is.
    if (!pending || answer.get('state') !== pending.state || answer.get('iss') !== issuer)
      throw new SignInError('bad_answer', 'the address is not of a sign-in that this app began')
    await change({ pending: undefined })
    const error = answer.get('error')
    if (error !== null) throw new SignInError(error, answer.get('error_description') ?? error)
    const { verifier, redirectUri: redirect_uri } = pending
    return redeem({ code: answer.get('code') ?? '', code_verifier: verifier, redirect_uri })
  }

  async function redeem(fields: Form): Promise<Tokens> {
    return keep(await token({ grant_type: 'authorization_code', ...fields }))
  }

  async function token(fields: Form): Promise<Answer> {
    const { key } = await load()
    const { token_endpoint: url } = await ask.endpoints()
    return ask.post(key, url, { client_id: clientId, ...fields })
  }

  async function keep(answer: Answer): Promise<Tokens> {
    const accessToken = textOf(answer.access_token)
    if (answer.error !== undefined || accessToken === undefined) throw refusalOf(answer)
    const { refreshToken, authSession } = await load()
    const tokens: Tokens = {
      accessToken,
      tokenType: textOf(answer.token_type) ?? 'DPoP',
      expiresAt: Date.now() + Number(answer.expires_in) * 1000,
      idToken: textOf(answer.id_token),
      scope: textOf(answer.scope),
    }
    await change({
      tokens,
      refreshToken: textOf(answer.refresh_token) ?? refreshToken,
      authSession: textOf(answer.auth_session) ?? authSession,
    })
    return tokens
  }

  async function renew(loginOptions: LoginOptions): Promise<Tokens> {
    const { refreshToken } = await load()
    if (refreshToken === undefined) throw new SignInError('signed_out', 'nobody is signed in')
    const answer = await token({ grant_type: 'refresh_token', refresh_token: refreshToken })
    if (answer.error === 'insufficient_authorization') {
      const { onStep } = loginOptions
      const given = await stepOf(answer, onStep)
      const tokens = await challenge({ auth_session: textOf(answer.auth_session), ...given }, loginOptions)
      if (tokens) return tokens
    }
    if (answer.error === 'invalid_grant')
      await change({ tokens: undefined, refreshToken: undefined, authSession: undefined })
    return keep(answer)
  }

  function refresh(loginOptions: LoginOptions = {}): Promise<Tokens> {
    refreshing ??= renew(loginOptions).finally(() => {
      refreshing = undefined
    })
    return refreshing
  }

  async function tokensNow(): Promise<Tokens> {
    const { tokens } = await load()
    return tokens && tokens.expiresAt - EARLY_MS > Date.now() ? tokens : refresh()
  }

  return {
    /**
     * Signs a customer in. `undefined` where the page is left for the browser: `finish` goes on there.
     * @throws {SignInError} `wrong_credentials`, `throttled` and the like.
     */
    async login(email: string, password: string, loginOptions: LoginOptions = {}): Promise<Tokens | undefined> {
      await change({ authSession: undefined })
      return challenge({ response_type: 'code', scope, username: email, password }, loginOptions)
    },

    /** Begins without a password: a code by mail, or a passkey, as `onStep` chooses. */
    async begin(loginOptions: LoginOptions & { readonly onStep: OnStep }): Promise<Tokens | undefined> {
      await change({ authSession: undefined })
      return challenge({ response_type: 'code', scope }, loginOptions)
    },

    /** Signs in more strongly or anew, for example with `{ acr_values: 'phr' }`: only what is missing is asked for. */
    async stepUp(
      parameters: Readonly<Record<string, string>>,
      loginOptions: LoginOptions = {},
    ): Promise<Tokens | undefined> {
      const { authSession } = await load()
      const first = authSession === undefined ? { scope } : { auth_session: authSession }
      return challenge({ response_type: 'code', ...first }, { ...loginOptions, parameters })
    },

    /** Goes on after the browser came back to `address`. */
    finish,

    /** New tokens; calls at the same time share one request. */
    refresh,

    /** The tokens in use; `undefined` where nobody is signed in. */
    tokens: async (): Promise<Tokens | undefined> => (await store.get())?.tokens,

    /** As the platform's `fetch`, with the access token and its proof. Tokens that end soon are refreshed before. */
    async fetch(url: string, init: RequestInit = {}): Promise<Response> {
      const { accessToken } = await tokensNow()
      const { key } = await load()
      return ask.prove(key, init, { url: new URL(url).href, method: (init.method ?? 'GET').toUpperCase(), accessToken })
    },

    /** Ends the tokens at the server, and forgets them, the sign-in and the key. */
    async logout(): Promise<void> {
      const kept = await store.get()
      await store.set(undefined)
      if (kept?.refreshToken === undefined) return
      const { revocation_endpoint: url } = await ask.endpoints()
      const body = new URLSearchParams({ client_id: clientId, token: kept.refreshToken })
      await send(url, { method: 'POST', body })
    },
  }
}

async function stepOf(answer: Answer, onStep: OnStep | undefined): Promise<Form> {
  const steps = (answer.next ?? []) as readonly Step[] // the server's
  const problem = answer.problem as Problem | undefined // as above
  const isRefused = REFUSED.includes(problem?.code ?? '') && steps.some(({ step }) => step === 'password')
  if (!onStep || isRefused) throw refusalOf(answer, problem?.code ?? 'step_required')
  const given = await onStep(steps, problem)
  if (!given) throw refusalOf(answer, 'step_required')
  return given
}

function refusalOf(answer: Answer, code = textOf(answer.error) ?? 'bad_answer'): SignInError {
  return new SignInError(code, textOf(answer.error_description), {
    steps: answer.next as readonly Step[] | undefined, // the server's
    problem: answer.problem as Problem | undefined, // as above
    retryAfter: answer.retryAfter as number | undefined, // of `post`
  })
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined
}
