import { Router } from '@koa/router'
import type { Context, Middleware } from 'koa'
import type { Audit } from '../audit/events.ts'
import type { Passkeys } from '../credentials/passkeys/passkeys.ts'
import { createFactorNeeded } from '../customers/second-factor/customer-factors.ts'
import { serveAsset } from '../http/assets.ts'
import { readForm } from '../http/read-body.ts'
import { type Routes, routed } from '../http/routing/other-methods.ts'
import { seeOther } from '../http/see-other.ts'
import { type Interaction, InteractionLost, type Interactions } from '../oauth/browser/interactions.ts'
import { createAnswerPage } from './answer-page.ts'
import { createCsrf } from './csrf.ts'
import { createForcedChange, type ForcedChangeDeps } from './forced-change.ts'
import { createInteractionPages } from './interaction-pages.ts'
import { createLanguageSwitch } from './language/language-switch.ts'
import type { LoginOffers } from './login/login-view.ts'
import type { RememberedAccount } from './login/remembered-account.ts'
import { createLoginStep, type SignIn } from './login-step.ts'
import type { Pages } from './pages.ts'
import { createPasskeyOffer, type PasskeyOfferDeps } from './passkeys/passkey-offer.ts'
import { createPasskeyStep, type SignInByPasskey } from './passkeys/passkey-step.ts'
import { createMailSteps, type MailStepsDeps } from './recovery/mail-steps.ts'
import { createSecondFactorSteps, type SecondFactorDeps } from './second-factor/index.ts'
import { formName } from './shown-company.ts'
import { createAnotherAccountStep, createByRemembered, rememberingLogins } from './sign-in/another-account.ts'
import { type CodeSignInDeps, createCodeSteps } from './sign-in/code-step.ts'
import { type CompanyMemory, type CompanyStepDeps, createCompanyStep } from './sign-in/company-step.ts'
import { createConsentStep } from './sign-in/consent-step.ts'
import { createIdentifierStep } from './sign-in/identifier-step.ts'
import type { Form } from './standalone-forms.ts'
import type { Step } from './step.ts'
import { createUpstreamSteps, type UpstreamStepsDeps } from './upstreams/upstream-steps.ts'

/** What the interaction pages are built on. */
export type InteractionRoutesDeps = {
  readonly interactions: Interactions
  readonly authenticate: SignIn
  /** The customer at the prompts for consent and for a company, to show whose account it is. */
  readonly findCustomer: CompanyStepDeps['findCustomer']
  /** Absent where the companies of customers are not ours. */
  readonly companyMemory?: CompanyMemory
  readonly note?: Audit
  readonly pages: Pages
  /** Its origin is the only one that our forms are accepted from. */
  readonly issuer: string
  /** HMAC keys for form tokens, newest first. */
  readonly csrfKeys: readonly [string, ...string[]]
  readonly offers?: LoginOffers
  /** Asks for another password in the middle of a sign-in. */
  readonly forcedChange?: ForcedChangeDeps
  /** Asks for a second factor after the password. */
  readonly secondFactor: SecondFactorDeps
  /** Mails codes in place of passwords. */
  readonly codeSignIn?: CodeSignInDeps | false
  /** Signs people in who come from a provider. */
  readonly upstreams?: UpstreamStepsDeps
  /** Mails links to people whose sign-in is locked or unconfirmed. */
  readonly mailSteps?: MailStepsDeps
  /** Where customers may have passkeys. */
  readonly passkeys?: InteractionPasskeys
  /** Knows again who signed in on a browser. */
  readonly remembered?: RememberedAccount
  /** MANDATE_TIME_ZONE. */
  readonly mandateTimeZone: string
}

/** Signing in by passkey, and the offer of one. */
type InteractionPasskeys = PasskeyOfferDeps & {
  readonly passkeys: Pick<Passkeys, 'requestOptions' | 'relyingParty'>
  readonly signInByPasskey: SignInByPasskey
}

const formLimitBytes = 16 * 1024

/** The pages of an interaction and their assets. A form's answer is a page or a 303, never a 307 (RFC 9700 §4.12). */
export function createInteractionRoutes(deps: InteractionRoutesDeps): Routes {
  const { findCustomer, pages, issuer, csrfKeys, remembered } = deps
  const found = remembered ? rememberingLogins(deps.interactions, remembered) : deps.interactions
  const csrf = createCsrf({ keys: csrfKeys, issuer })
  const answerPage = createAnswerPage(pages)
  const { publicPath } = pages
  const show = createInteractionPages({
    answerPage,
    pages,
    csrf,
    publicPath,
    clientAt: found.clientAt,
    ...(deps.offers && { offers: deps.offers }),
    ...(deps.passkeys && { passkeys: deps.passkeys.passkeys }),
    ...(remembered && { remembered }),
    mandateTimeZone: deps.mandateTimeZone,
  })
  const upstreams =
    deps.upstreams &&
    createUpstreamSteps({
      ...deps.upstreams,
      interactions: found,
      show,
      answerPage,
      csrf,
      pages,
      issuer,
      factorNeeded: createFactorNeeded(deps.secondFactor.factors),
      demandFactor: (...signIn) => secondFactor.demand(...signIn),
    })
  const interactions = upstreams ? { ...found, finishLogin: upstreams.finishLogin } : found
  const forcedChange = deps.forcedChange && createForcedChange({ ...deps.forcedChange, interactions, show })
  const mailSteps = deps.mailSteps && createMailSteps({ ...deps.mailSteps, csrf, issuer, publicPath })
  const passkeyOffer = deps.passkeys && createPasskeyOffer({ ...deps.passkeys, interactions, show })
  const demandChange = forcedChange?.demand
  const { secondFactor, setUp } = createSecondFactorSteps({ ...deps.secondFactor, interactions, show, demandChange })
  const login = createLoginStep({
    ...deps,
    interactions,
    show,
    demandFactor: secondFactor.demand,
    ...(demandChange && { demandChange }),
    ...(passkeyOffer && { offer: passkeyOffer.offer }),
  })

  async function find(ctx: Context): Promise<Interaction> {
    const interaction = await interactions.find(ctx)
    await remembered?.load(ctx)
    const { uid } = ctx.params as { uid?: string } // the router decodes them
    if (uid !== interaction.uid) throw new InteractionLost('The address is of another interaction than the cookie.')
    return interaction
  }

  const customerOf = async ({ accountId }: Interaction) => (accountId ? findCustomer(accountId) : undefined)

  /** Shows the page the interaction is at. */
  async function open(ctx: Context): Promise<void> {
    const interaction = await find(ctx)
    const { page } = ctx.query
    const registration = page === 'registration' ? show.registrationPath(ctx, interaction) : undefined
    if (registration) return seeOther(ctx, registration)
    const customer = await customerOf(interaction)
    if (interaction.mandate?.kind === 'over') return interactions.abort(ctx)
    if (interaction.prompt === 'consent') return show.consent(ctx, interaction, customer)
    if (interaction.prompt === 'company' && (await company.open(ctx, interaction))) return
    const isChoice = interaction.prompt === 'select_account' && page !== 'login'
    if (isChoice && customer) return show.chooseAccount(ctx, interaction, customer.email)
    if (interaction.prompt === 'second_factor' && page !== 'login') return secondFactor.stepUp(ctx, interaction)
    show.login(ctx, interaction, { login: ctx.query.as === 'another' ? undefined : interaction.loginHint })
  }

  const byRemembered = remembered ? createByRemembered(remembered, show) : (step: Step) => step

  /** Takes a form in: genuine, and of the prompt that is being asked. */
  function onForm(prompt: Interaction['prompt'] | 'any', step: Step): Middleware {
    return async (ctx) => {
      const interaction = await find(ctx)
      const form = await readForm(ctx, { limitBytes: formLimitBytes })
      const name =
        interaction.prompt === 'consent' ? (await consentAsked(ctx, interaction, form)).name : formName(interaction)
      if (!csrf.isGenuine(ctx, name, form.csrf)) return show.refusedForm(ctx, interaction)
      if (!takes(interaction, prompt)) return seeOther(ctx, show.pathOf(interaction))
      await byRemembered(step)(ctx, interaction, form)
    }
  }

  /** A form that was made for another text is not genuine: what is allowed is what the page said. */
  async function consentAsked(ctx: Context, interaction: Interaction, { languages }: Form) {
    return show.consentAsked(ctx, interaction, { customer: await customerOf(interaction), languages })
  }

  const consent = createConsentStep({
    interactions,
    show,
    customerOf,
    said: async (...page) => (await consentAsked(...page)).said,
    timeZone: deps.mandateTimeZone,
  })

  const keepAccount: Step = async (ctx) => interactions.keepAccount(ctx)

  const company = createCompanyStep({
    interactions,
    show,
    findCustomer,
    ...(deps.companyMemory && { memory: deps.companyMemory }),
    ...(deps.note && { note: deps.note }),
  })

  async function reopen(ctx: Context): Promise<void> {
    seeOther(ctx, show.pathOf(await find(ctx)))
  }

  const byAddress = upstreams?.byAddress ?? ((step: Step) => step)

  const router = new Router()
  router.get('/assets/:name', serveAsset(pages.asset))
  router.post('/language', show.problems, createLanguageSwitch({ pages, issuer }))
  router.get('/interaction/:uid', show.problems, open)
  router.post('/interaction/:uid/login', show.problems, onForm('login', byAddress(login)))
  if (deps.codeSignIn) {
    const demandFactor = secondFactor.demand
    const code = createCodeSteps({ ...deps.codeSignIn, interactions, show, demandFactor })
    router.post('/interaction/:uid/code-request', show.problems, onForm('login', byAddress(code.request)))
    router.post('/interaction/:uid/code', show.problems, onForm('login', code.check))
  }
  if (deps.offers?.identifierFirst)
    router.post('/interaction/:uid/identifier', show.problems, onForm('login', byAddress(createIdentifierStep(show))))
  if (remembered) {
    const another = createAnotherAccountStep(remembered, show)
    router.post('/interaction/:uid/another-account', show.problems, onForm('login', another))
  }
  router.post('/interaction/:uid/account', show.problems, onForm('select_account', keepAccount))
  router.post('/interaction/:uid/company', show.problems, onForm('company', company.choose))
  router.post('/interaction/:uid/consent', show.problems, onForm('consent', consent))
  router.post(
    '/interaction/:uid/abort',
    show.problems,
    onForm('any', (ctx) => interactions.abort(ctx)),
  )
  router.get('/interaction/:uid/second-factor', show.problems, async (ctx) => secondFactor.open(ctx, await find(ctx)))
  router.post('/interaction/:uid/second-factor', show.problems, onForm('login', secondFactor.check))
  router.post('/interaction/:uid/second-factor-mail', show.problems, onForm('login', secondFactor.sendMail))
  router.get('/interaction/:uid/second-factor-set-up', show.problems, async (ctx) => setUp.open(ctx, await find(ctx)))
  router.post('/interaction/:uid/second-factor-set-up', show.problems, onForm('login', setUp.confirm))
  router.post('/interaction/:uid/second-factor-done', show.problems, onForm('login', setUp.done))
  if (forcedChange) {
    router.get('/interaction/:uid/new-password', show.problems, async (ctx) => forcedChange.open(ctx, await find(ctx)))
    router.post('/interaction/:uid/new-password', show.problems, onForm('login', forcedChange.choose))
    router.post('/interaction/:uid/later', show.problems, onForm('login', forcedChange.putOff))
  }
  if (mailSteps) {
    router.post('/interaction/:uid/unblock', show.problems, onForm('login', mailSteps.unblock))
    router.post('/interaction/:uid/confirmation', show.problems, onForm('login', mailSteps.confirmation))
  }
  if (deps.passkeys && passkeyOffer) {
    const passkey = createPasskeyStep({ ...deps.passkeys, interactions, show })
    router.post('/interaction/:uid/passkey', show.problems, onForm('login', passkey))
    router.get('/interaction/:uid/passkey-offer', show.problems, async (ctx) => passkeyOffer.open(ctx, await find(ctx)))
    router.post('/interaction/:uid/passkey-new', show.problems, onForm('login', passkeyOffer.add('registration')))
    router.post('/interaction/:uid/passkey-upgrade', show.problems, onForm('login', passkeyOffer.add('upgrade')))
    router.post('/interaction/:uid/passkey-later', show.problems, onForm('login', passkeyOffer.skip))
  }
  if (upstreams) {
    router.post('/interaction/:uid/upstreams/:upstream', show.problems, onForm('login', upstreams.begin))
    router.get('/interaction/:uid/upstream', show.problems, async (ctx) => upstreams.arrive(ctx, await find(ctx)))
    router.get('/interaction/:uid/connect', show.problems, async (ctx) => upstreams.openChoice(ctx, await find(ctx)))
    router.post('/interaction/:uid/connect', show.problems, onForm('login', upstreams.choose))
  }
  // Where a person lands who reloads an answered form by its address.
  router.get('/interaction/:uid/:step', show.problems, reopen)
  return routed(router)
}

/** Whether an interaction is at the step that a form is for. Choosing another account is signing in. */
function takes(interaction: Interaction, step: Interaction['prompt'] | 'any'): boolean {
  if (step === 'login') return interaction.prompt !== 'consent' && interaction.prompt !== 'company'
  return step === 'any' || step === interaction.prompt
}
