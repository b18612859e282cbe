import { Router } from '@koa/router'
import type { Context, Middleware } from 'koa'
import type { Customer } from '../customers/customer.ts'
import { serveAsset } from '../http/assets.ts'
import { readForm } from '../http/read-body.ts'
import { type Routes, routed } from '../http/routing/other-methods.ts'
import { seeOther } from '../http/see-other.ts'
import { type Interaction, InteractionLost, type Interactions } from '../oauth/browser/interactions.ts'
import { createAnswerPage } from './answer-page.ts'
import { createCsrf } from './csrf.ts'
import { createForcedChange, type ForcedChangeDeps } from './forced-change.ts'
import { createInteractionPages, type LoginOffers } from './interaction-pages.ts'
import { createLoginStep, type SignIn } from './login-step.ts'
import type { Pages } from './pages.ts'
import { createMailSteps, type MailStepsDeps } from './recovery/mail-steps.ts'
import type { Step } from './step.ts'

/** What the interaction pages are built on. */
export type InteractionRoutesDeps = {
  readonly interactions: Interactions
  readonly authenticate: SignIn
  /** The customer at the consent prompt, to show whose account it is. */
  readonly findCustomer: (id: string) => Promise<Pick<Customer, 'email'> | undefined>
  readonly pages: Pages
  /** Its origin is the only one that our forms are accepted from. */
  readonly issuer: string
  /** HMAC keys for form tokens, newest first. */
  readonly csrfKeys: readonly [string, ...string[]]
  readonly offers?: LoginOffers
  /** Asks for another password in the middle of a sign-in. */
  readonly forcedChange?: ForcedChangeDeps
  /** Mails links to people whose sign-in is locked or unconfirmed. */
  readonly mailSteps?: MailStepsDeps
}

const formLimitBytes = 16 * 1024

/** The pages of an interaction and their assets. A form's answer is a page or a 303, never a 307 (RFC 9700 §4.12). */
export function createInteractionRoutes(deps: InteractionRoutesDeps): Routes {
  const { interactions, findCustomer, pages, issuer, csrfKeys } = deps
  const csrf = createCsrf({ keys: csrfKeys, issuer })
  const answerPage = createAnswerPage(pages)
  const { publicPath } = pages
  const show = createInteractionPages({
    answerPage,
    csrf,
    publicPath,
    clientAt: interactions.clientAt,
    ...(deps.offers && { offers: deps.offers }),
  })
  const forcedChange = deps.forcedChange && createForcedChange({ ...deps.forcedChange, interactions, show })
  const mailSteps = deps.mailSteps && createMailSteps({ ...deps.mailSteps, csrf, issuer, publicPath })
  const login = createLoginStep({ ...deps, show, ...(forcedChange && { demandChange: forcedChange.demand }) })

  async function find(ctx: Context): Promise<Interaction> {
    const interaction = await interactions.find(ctx)
    const { uid } = ctx.params as { uid?: string } // the router decodes them
    if (uid !== interaction.uid) throw new InteractionLost('The address is of another interaction than the cookie.')
    return interaction
  }

  /** Shows the page the interaction is at. */
  async function open(ctx: Context): Promise<void> {
    const interaction = await find(ctx)
    const { page } = ctx.query
    const registration = page === 'registration' ? show.registrationPath(ctx, interaction) : undefined
    if (registration) return seeOther(ctx, registration)
    const customer = interaction.accountId ? await findCustomer(interaction.accountId) : undefined
    if (interaction.prompt === 'consent') return show.consent(ctx, interaction, customer?.email)
    const isChoice = interaction.prompt === 'select_account' && page !== 'login'
    if (isChoice && customer) return show.chooseAccount(ctx, interaction, customer.email)
    show.login(ctx, interaction, { login: interaction.loginHint })
  }

  /** Takes a form in: genuine, and of the prompt that is being asked. */
  function onForm(prompt: Interaction['prompt'] | 'any', step: Step): Middleware {
    return async (ctx) => {
      const interaction = await find(ctx)
      const form = await readForm(ctx, { limitBytes: formLimitBytes })
      if (!csrf.isGenuine(ctx, interaction.uid, form.csrf)) return show.refusedForm(ctx, interaction)
      if (!takes(interaction, prompt)) return seeOther(ctx, show.pathOf(interaction))
      await step(ctx, interaction, form)
    }
  }

  const consent: Step = async (ctx, interaction, { decision }) => {
    if (decision === 'allow') return interactions.grantConsent(ctx)
    if (decision === 'deny') return interactions.abort(ctx)
    show.malformedForm(ctx, 400, 'decision must be allow or deny', show.pathOf(interaction))
  }

  const keepAccount: Step = async (ctx) => interactions.keepAccount(ctx)

  async function reopen(ctx: Context): Promise<void> {
    seeOther(ctx, show.pathOf(await find(ctx)))
  }

  const router = new Router()
  router.get('/assets/:name', serveAsset(pages))
  router.get('/interaction/:uid', show.problems, open)
  router.post('/interaction/:uid/login', show.problems, onForm('login', login))
  router.post('/interaction/:uid/account', show.problems, onForm('select_account', keepAccount))
  router.post('/interaction/:uid/consent', show.problems, onForm('consent', consent))
  router.post(
    '/interaction/:uid/abort',
    show.problems,
    onForm('any', (ctx) => interactions.abort(ctx)),
  )
  if (forcedChange) {
    router.get('/interaction/:uid/new-password', show.problems, async (ctx) => forcedChange.open(ctx, await find(ctx)))
    router.post('/interaction/:uid/new-password', show.problems, onForm('login', forcedChange.choose))
    router.post('/interaction/:uid/later', show.problems, onForm('login', forcedChange.putOff))
  }
  if (mailSteps) {
    router.post('/interaction/:uid/unblock', show.problems, onForm('login', mailSteps.unblock))
    router.post('/interaction/:uid/confirmation', show.problems, onForm('login', mailSteps.confirmation))
  }
  // Where a person lands who reloads an answered form by its address.
  router.get('/interaction/:uid/:step', show.problems, reopen)
  return routed(router)
}

/** Whether an interaction is at the step that a form is for. Choosing another account is signing in. */
function takes(interaction: Interaction, step: Interaction['prompt'] | 'any'): boolean {
  if (step === 'login') return interaction.prompt !== 'consent'
  return step === 'any' || step === interaction.prompt
}
