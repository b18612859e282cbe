import type { Context, Middleware } from 'koa'
import { BodyError } from '../http/read-body.ts'
import { requestState } from '../http/request-state.ts'
import { seeOther } from '../http/see-other.ts'
import { type Interaction, InteractionLost, type Interactions } from '../oauth/browser/interactions.ts'
import type { AnswerPage } from './answer-page.ts'
import type { Csrf } from './csrf.ts'
import { keepLanguages } from './page-languages.ts'
import type { ClientView, LoginView, NewPasswordView } from './page-views.ts'
import { safeLink } from './safe-link.ts'
import { scopeViews } from './scope-views.ts'
import { donePath, readNotice } from './way-back.ts'

/** What the login page offers besides signing in. */
export type LoginOffers = { readonly recovery?: boolean; readonly registration?: boolean }

type InteractionPagesDeps = {
  readonly answerPage: AnswerPage
  readonly csrf: Csrf
  readonly publicPath: string
  readonly offers?: LoginOffers
  /** Who began the interaction that was at this address. */
  readonly clientAt: Interactions['clientAt']
}
type LoginState = Pick<LoginView, 'login' | 'remember' | 'problem' | 'missing' | 'waitSeconds'>
export type NewPasswordState = Pick<NewPasswordView, 'login' | 'minLength' | 'problem' | 'waitSeconds'> & {
  readonly mayWait: boolean
}

/** The pages of an interaction, and what is shown when it or its form is unusable. */
export type InteractionPages = {
  pathOf(interaction: Interaction): string
  login(ctx: Context, interaction: Interaction, state: LoginState, status?: number): void
  /** A new password in the middle of a sign-in; `mayWait` when "not now" is an answer. */
  newPassword(ctx: Context, interaction: Interaction, state: NewPasswordState, status?: number): void
  consent(ctx: Context, interaction: Interaction, login: string | undefined): void
  /** Whether to go on as `login`. */
  chooseAccount(ctx: Context, interaction: Interaction, login: string): void
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
  csrf,
  publicPath,
  offers = {},
  clientAt,
}: InteractionPagesDeps): InteractionPages {
  const pathOf = ({ uid }: Interaction) => `${publicPath}/interaction/${uid}`

  function frame(ctx: Context, interaction: Interaction) {
    const client = clientView(interaction.client)
    const { uiLocales } = interaction
    return {
      view: { ...client, path: pathOf(interaction), csrf: csrf.issue(ctx, interaction.uid) },
      options: { uiLocales, endsOutside: true, images: client.logo ? [client.logo] : [] },
    }
  }

  const linksFrom = (ctx: Context, { uid, uiLocales }: Interaction) =>
    linksOf(offers, (page) => keepLanguages(ctx, `${publicPath}/${page}?from=${uid}`, uiLocales))

  const pages: InteractionPages = {
    pathOf,
    registrationPath: (ctx, interaction) => linksFrom(ctx, interaction).registration,

    login(ctx, interaction, state, status = 200) {
      const { view, options } = frame(ctx, interaction)
      const links = linksFrom(ctx, interaction)
      answerPage(ctx, 'login', { ...view, ...links, notice: readNotice(ctx), ...state }, { ...options, status })
    },

    newPassword(ctx, interaction, { mayWait, ...state }, status = 200) {
      const { view, options } = frame(ctx, interaction)
      const paths = { path: `${view.path}/new-password`, later: mayWait ? `${view.path}/later` : undefined }
      answerPage(ctx, 'new-password', { csrf: view.csrf, ...paths, ...state, isForced: true }, { ...options, status })
    },

    consent(ctx, interaction, login) {
      const { view, options } = frame(ctx, interaction)
      const { scopes, claims } = interaction.requested
      const asked = scopeViews(scopes, [...interaction.uiLocales, ...ctx.acceptsLanguages()])
      answerPage(ctx, 'consent', { ...view, scopes: asked, claims, login }, options)
    },

    chooseAccount(ctx, interaction, login) {
      const { view, options } = frame(ctx, interaction)
      answerPage(ctx, 'choose-account', { ...view, login, other: `${view.path}?page=login` }, options)
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
        const view = { code: 'interaction_lost', clientName: client?.name, home: safeLink(client?.home) }
        answerPage(ctx, 'error', { ...view, requestId: requestState(ctx).requestId }, { status: 400 })
      }
    },
  }
  return pages
}

function linksOf(
  { recovery, registration }: LoginOffers,
  address: (page: string) => string,
): Pick<LoginView, 'recovery' | 'registration' | 'offersMail'> {
  return {
    ...(recovery && { recovery: address('recovery'), offersMail: true }),
    ...(registration && { registration: address('registration') }),
  }
}

function clientView({ name, logoUri, policyUri, tosUri }: Interaction['client']): ClientView {
  return { clientName: name, logo: safeLink(logoUri), policy: safeLink(policyUri), terms: safeLink(tosUri) }
}
