import { createHash } from 'node:crypto'
import type { Context, Middleware } from 'koa'
import type { Said } from '../client-links/link-rows.ts'
import { readableEmail } from '../credentials/email.ts'
import type { Passkeys } from '../credentials/passkeys/passkeys.ts'
import type { Customer } from '../customers/customer.ts'
import { sentNoCookies } from '../http/cookie-names.ts'
import { BodyError } from '../http/read-body.ts'
import { requestState } from '../http/request-state.ts'
import { seeOther } from '../http/see-other.ts'
import { type Interaction, InteractionLost, type Interactions } from '../oauth/browser/interactions.ts'
import type { AnswerPage } from './answer-page.ts'
import type { Csrf } from './csrf.ts'
import { clientOrigin, clientView } from './login/client-view.ts'
import { createLoginView, createShownLogin, type LoginOffers, type LoginState, linksOf } from './login/login-view.ts'
import type { RememberedAccount } from './login/remembered-account.ts'
import { mandateView } from './mandates/mandate-view.ts'
import { keepLanguages, wantedLanguages } from './page-languages.ts'
import type { NewPasswordView } from './page-views.ts'
import type { Pages } from './pages.ts'
import { scopeViews } from './scope-views.ts'
import { formName, shownCompanyUser } from './shown-company.ts'
import type { Form } from './standalone-forms.ts'
import { waysOn } from './start/ways-on.ts'
import type { RecoveryCodesView, SecondFactorSetUpView, SecondFactorView } from './views/second-factor.ts'
import type { ClientView, CompanyChoices, ConnectView, PasskeyOfferView, SignInCodeView } from './views/sign-in.ts'
import { donePath, readNotice } from './way-back.ts'

/** In characters, of the list of languages that a form carries. */
const LONGEST_LANGUAGES = 500

type InteractionPagesDeps = {
  readonly answerPage: AnswerPage
  readonly pages: Pick<Pages, 'said' | 'chooseLanguage'>
  readonly csrf: Csrf
  readonly publicPath: string
  readonly offers?: LoginOffers
  /** Who began the interaction that was at this address. */
  readonly clientAt: Interactions['clientAt']
  /** What browsers are asked for at an interaction, where there are passkeys. */
  readonly passkeys?: Pick<Passkeys, 'requestOptions' | 'relyingParty'>
  /** The account that the browser remembers. */
  readonly remembered?: Pick<RememberedAccount, 'emailIn'>
  /** MANDATE_TIME_ZONE. */
  readonly mandateTimeZone: string
}
export type NewPasswordState = Pick<NewPasswordView, 'login' | 'minLength' | 'problem' | 'waitSeconds'> & {
  readonly mayWait: boolean
}

type OwnMembers<View> = Omit<View, keyof ClientView | 'path' | 'csrf'>

/** The pages of an interaction, and what is shown when it or its form is unusable. */
export type InteractionPages = {
  pathOf(interaction: Interaction): string
  login(ctx: Context, interaction: Interaction, state: LoginState, status?: number): void
  /** A new password in the middle of a sign-in; `mayWait` when "not now" is an answer. */
  newPassword(ctx: Context, interaction: Interaction, state: NewPasswordState, status?: number): void
  /** The form for a mailed code in place of the password. */
  signInCode(
    ctx: Context,
    interaction: Interaction,
    state: Pick<SignInCodeView, 'login' | 'remember' | 'problem'>,
    status?: number,
  ): void
  secondFactor(ctx: Context, interaction: Interaction, state: OwnMembers<SecondFactorView>, status?: number): void
  secondFactorSetUp(
    ctx: Context,
    interaction: Interaction,
    state: OwnMembers<SecondFactorSetUpView>,
    status?: number,
  ): void
  recoveryCodes(ctx: Context, interaction: Interaction, state: Pick<RecoveryCodesView, 'codes'>): void
  /** Whether the person wants a passkey, before the sign-in goes on. */
  passkeyOffer(
    ctx: Context,
    interaction: Interaction,
    state: Pick<PasskeyOfferView, 'options' | 'upgrade' | 'isRefused'>,
    status?: number,
  ): void
  consent(
    ctx: Context,
    interaction: Interaction,
    customer: ShownCustomer | undefined,
    refused?: { readonly problem: string; readonly field: string; readonly typed: Form },
  ): void
  /** What that page says, in the languages that its form names, and the name under which its form is genuine. */
  consentAsked(
    ctx: Context,
    interaction: Interaction,
    shown: { readonly customer: ShownCustomer | undefined; readonly languages: string | undefined },
  ): { readonly said: Said; readonly name: string }
  /** Which company to act for. */
  chooseCompany(ctx: Context, interaction: Interaction, choices: CompanyChoices & { login: string; own: string }): void
  /** Whether to go on as `login`. */
  chooseAccount(ctx: Context, interaction: Interaction, login: string): void
  /** Whether an account at a provider is to be connected. */
  connect(ctx: Context, interaction: Interaction, state: Omit<ConnectView, 'path' | 'csrf'>): void
  /** Where a new account is made, if that is offered. */
  registrationPath(ctx: Context, interaction: Interaction): string | undefined
  refusedForm(ctx: Context, interaction: Interaction): void
  malformedForm(ctx: Context, status: number, detail: string, reload?: string): void
  /** Turns lost interactions and unusable forms into pages; bugs go on to the catch-all. */
  readonly problems: Middleware
}

/** From an interaction to the page that shows it. */
export function createInteractionPages({
  answerPage,
  pages: { said, chooseLanguage },
  csrf,
  publicPath,
  offers = {},
  clientAt,
  passkeys,
  remembered,
  mandateTimeZone,
}: InteractionPagesDeps): InteractionPages {
  const pathOf = ({ uid }: Interaction) => `${publicPath}/interaction/${uid}`

  function frame(ctx: Context, interaction: Interaction) {
    const { uiLocales } = interaction
    const { client: clientBrand } = interaction
    const client = clientView(clientBrand)
    return {
      view: {
        ...client,
        clientBrand,
        path: pathOf(interaction),
        csrf: csrf.issue(ctx, interaction.uid),
      },
      options: { uiLocales, endsOutside: true, images: client.logo ? [client.logo] : [] },
    }
  }

  const linksFrom = (ctx: Context, { uid, uiLocales }: Interaction) =>
    linksOf(offers, (page) => keepLanguages(ctx, `${publicPath}/${page}?from=${uid}`, uiLocales))

  /** What a person is asked, what that says, and the name of its form: it is of this very text. */
  function consentAsked(interaction: Interaction, customer: ShownCustomer | undefined, wanted: readonly string[]) {
    const { scopes, claims } = interaction.requested
    const company = customer && shownCompanyUser(customer, interaction)?.company.name
    const mandate = interaction.mandate && mandateView(interaction.mandate, mandateTimeZone)
    const asked = { scopes: scopeViews(scopes, wanted), claims, mandate, ...(company !== undefined && { company }) }
    const asks = { ...clientView(interaction.client), ...clientOrigin(interaction), ...asked }
    const language = chooseLanguage(wanted)
    const text = said('consent-asks', asks, language)
    const name = `${formName(interaction, customer)} ${createHash('sha256').update(text).digest('base64url')}`
    return { asks, said: { text, language }, name }
  }

  const shownLogin = createShownLogin(remembered)
  const loginView = createLoginView({ offers, passkeys, pathOf, shownLogin })

  const pages: InteractionPages = {
    pathOf,
    registrationPath: (ctx, interaction) => linksFrom(ctx, interaction).registration,

    login(ctx, interaction, state, status = 200) {
      const { view, options } = frame(ctx, interaction)
      const links = linksFrom(ctx, interaction)
      answerPage(ctx, 'login', { ...view, ...links, ...loginView(ctx, interaction, state) }, { ...options, status })
    },

    passkeyOffer(ctx, interaction, state, status = 200) {
      const { view, options } = frame(ctx, interaction)
      const { path, csrf: token, clientBrand } = view
      answerPage(
        ctx,
        'passkey-offer',
        { path, csrf: token, clientBrand, ...state },
        { ...options, status, hasScript: true },
      )
    },

    newPassword(ctx, interaction, { mayWait, ...state }, status = 200) {
      const { view, options } = frame(ctx, interaction)
      const paths = { path: `${view.path}/new-password`, later: mayWait ? `${view.path}/later` : undefined }
      const { csrf: token, clientBrand } = view
      const shown = { csrf: token, clientBrand, ...paths, ...state, isForced: true }
      answerPage(ctx, 'new-password', shown, { ...options, status })
    },

    signInCode(ctx, interaction, state, status = 200) {
      const { view, options } = frame(ctx, interaction)
      answerPage(ctx, 'sign-in-code', { ...view, ...state, ...shownLogin(ctx, state.login) }, { ...options, status })
    },

    secondFactor(ctx, interaction, state, status = 200) {
      const { view, options } = frame(ctx, interaction)
      answerPage(ctx, 'second-factor', { ...view, ...state, ...readable(state.login) }, { ...options, status })
    },

    secondFactorSetUp(ctx, interaction, state, status = 200) {
      const { view, options } = frame(ctx, interaction)
      answerPage(ctx, 'second-factor-set-up', { ...view, ...state }, { ...options, status })
    },

    recoveryCodes(ctx, interaction, state) {
      const { view, options } = frame(ctx, interaction)
      answerPage(ctx, 'recovery-codes', { ...view, ...state }, options)
    },

    chooseCompany(ctx, interaction, choices) {
      const { view, options } = frame(ctx, interaction)
      const mayRemember = offers.rememberCompany === true
      answerPage(ctx, 'choose-company', { ...view, ...choices, ...readable(choices.login), mayRemember }, options)
    },

    consent(ctx, interaction, customer, refused) {
      const { view, options } = frame(ctx, interaction)
      const wanted = wantedLanguages(ctx, interaction.uiLocales)
      const { asks, name } = consentAsked(interaction, customer, wanted)
      const login = customer && readableEmail(customer.email)
      const form = { csrf: csrf.issue(ctx, name), languages: wanted.join(' ').slice(0, LONGEST_LANGUAGES) }
      const mandate = interaction.mandate && mandateView(interaction.mandate, mandateTimeZone, refused?.typed)
      const problem = refused && { problem: refused.problem, fields: [refused.field] }
      const status = refused ? 422 : 200
      answerPage(ctx, 'consent', { ...view, ...asks, ...form, login, mandate, ...problem }, { ...options, status })
    },

    consentAsked(ctx, interaction, { customer, languages }) {
      const wanted = languages?.split(' ').filter(Boolean) ?? wantedLanguages(ctx, interaction.uiLocales)
      return consentAsked(interaction, customer, wanted)
    },

    chooseAccount(ctx, interaction, login) {
      const { view, options } = frame(ctx, interaction)
      answerPage(
        ctx,
        'choose-account',
        { ...view, login: readableEmail(login), other: `${view.path}?page=login&as=another` },
        options,
      )
    },

    connect(ctx, interaction, state) {
      const { view, options } = frame(ctx, interaction)
      answerPage(ctx, 'connect', { ...view, ...state }, options)
    },

    refusedForm(ctx, interaction) {
      const view = { code: 'form_not_genuine', requestId: requestState(ctx).requestId, reload: pathOf(interaction) }
      answerPage(ctx, 'error', view, { status: 403, uiLocales: interaction.uiLocales })
    },

    malformedForm(ctx, status, detail, reload) {
      answerPage(
        ctx,
        'error',
        { code: 'form_malformed', detail, requestId: requestState(ctx).requestId, reload },
        { status },
      )
    },

    async problems(ctx, next) {
      try {
        await next()
      } catch (error) {
        if (error instanceof BodyError) return pages.malformedForm(ctx, error.status, error.message)
        if (!(error instanceof InteractionLost)) throw error
        // A person who comes back too late has still done what they came back from.
        const notice = readNotice(ctx)
        if (notice) return seeOther(ctx, keepLanguages(ctx, publicPath + donePath(notice)))
        // Going back after a sign-in leads here, and on to the client.
        const client = await clientAt(ctx)
        const view = { code: sentNoCookies(ctx) ? 'no_cookies' : 'interaction_lost', ...waysOn(client) }
        answerPage(ctx, 'error', { ...view, requestId: requestState(ctx).requestId }, { status: 400 })
      }
    },
  }
  return pages
}

/** An address as people read it, where there is one. */
function readable<Login extends string | undefined>(login: Login) {
  return { login: (login === undefined ? undefined : readableEmail(login)) as Login } // the one stays, the other is a text
}

/** A customer as these pages show them. */
type ShownCustomer = Pick<Customer, 'email' | 'companyUsers'>
