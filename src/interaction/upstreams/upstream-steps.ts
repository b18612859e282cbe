import type { Context } from 'koa'
import type { Audit } from '../../audit/events.ts'
import type { SignInByIdentity } from '../../customers/linked-accounts/identity-sign-in.ts'
import type { LinkedAccounts } from '../../customers/linked-accounts/linked-accounts.ts'
import type { Proofs } from '../../customers/proof.ts'
import type { FactorNeeded } from '../../customers/second-factor/factor-need.ts'
import { requestState } from '../../http/request-state.ts'
import { seeOther } from '../../http/see-other.ts'
import {
  type FinishedLogin,
  type Interaction,
  InteractionLost,
  type Interactions,
} from '../../oauth/browser/interactions.ts'
import type { Storage } from '../../storage/storage.ts'
import { createFindUpstream } from '../../upstreams/find-upstream.ts'
import type { UpstreamProtocol, UpstreamSignIn } from '../../upstreams/protocol/provider.ts'
import { UpstreamError } from '../../upstreams/protocol/upstream-error.ts'
import type { UpstreamRegistry, UsableUpstream } from '../../upstreams/registry.ts'
import type { AnswerPage } from '../answer-page.ts'
import type { Csrf } from '../csrf.ts'
import type { DeviceCookie } from '../device-cookie.ts'
import type { InteractionPages } from '../interaction-pages.ts'
import { keepLanguages, wantedLanguages } from '../page-languages.ts'
import type { Pages } from '../pages.ts'
import { askerOf, browserOf } from '../recovery/mail-steps.ts'
import type { StagedSignIn } from '../second-factor/staged-factor.ts'
import type { Step } from '../step.ts'
import type { createFirstNames } from './first-names.ts'
import type { LinkOffers } from './link-offers.ts'
import type { UpstreamRequests } from './upstream-requests.ts'

/** What signing in at a provider is built on. */
export type UpstreamStepsDeps = {
  readonly registry: Pick<UpstreamRegistry, 'find' | 'usable'>
  readonly protocol: Pick<UpstreamProtocol, 'begin' | 'finish'>
  readonly requests: UpstreamRequests
  readonly offers: LinkOffers
  readonly withFirstName: ReturnType<typeof createFirstNames>
  readonly signInByIdentity: SignInByIdentity
  readonly linkedAccounts: Pick<LinkedAccounts, 'connect'>
  readonly proofs: Pick<Proofs, 'measure'>
  readonly storage: Pick<Storage, 'put' | 'get' | 'consume'>
  readonly isRegistrationOpen: boolean
  readonly device: DeviceCookie
  readonly audit: Audit
  /** A provider failed, or its answer was refused; for the log. */
  readonly onProblem: (upstreamId: string, problem: unknown) => void
}

type Deps = UpstreamStepsDeps & {
  /** What a customer has to show beside a sign-in like this (`amr`, RFC 8176); undefined where it is enough. */
  readonly factorNeeded: FactorNeeded
  /** Takes over where that is something. */
  readonly demandFactor: (ctx: Context, interaction: Interaction, signIn: StagedSignIn) => Promise<void>
  readonly interactions: Pick<Interactions, 'find' | 'finishLogin'>
  readonly show: InteractionPages
  readonly answerPage: AnswerPage
  readonly csrf: Csrf
  readonly pages: Pages
  readonly issuer: string
}

export type UpstreamSteps = ReturnType<typeof createUpstreamSteps>

/** A customer has proved who they are, and is asked whether to connect what they came with. */
const CHOICE = 'UpstreamLinkChoice'
const CHOICE_TTL_SECONDS = 900
/** A person was identified elsewhere, in whatever way (Entra uses the value likewise; RFC 8176 has none). */
const ELSEWHERE = 'fed'

/** The steps of a sign-in at a provider, and of connecting it with an account that is there already. */
export function createUpstreamSteps(deps: Deps) {
  const { registry, protocol, requests, offers, interactions, show, audit, onProblem } = deps
  const findUpstream = createFindUpstream(registry)

  async function begin(ctx: Context, interaction: Interaction, usable: UsableUpstream, login?: string): Promise<void> {
    const { id, name } = usable.upstream
    const options = {
      redirectUri: `${deps.issuer}/upstreams/${id}/callback`,
      loginHint: login ?? interaction.loginHint,
      isFresh: interaction.wantsFreshSignIn === true,
      uiLocales: interaction.uiLocales,
    }
    try {
      const { url, request } = await protocol.begin(usable, options)
      await requests.keep({ ...request, upstreamId: id, purpose: { of: 'interaction', uid: interaction.uid } })
      seeOther(ctx, url)
    } catch (error) {
      if (!(error instanceof UpstreamError)) throw error
      onProblem(id, error)
      show.login(ctx, interaction, { ...(login && { login }), problem: 'provider-away', provider: name }, 503)
    }
  }

  /** Who signed in there; undefined when the request was answered. */
  async function finish(ctx: Context, interaction: Interaction, state: string) {
    const taken = await requests.take(state)
    const { request, answer } = taken ?? {}
    const isOurs = request?.purpose.of === 'interaction' && request.purpose.uid === interaction.uid
    if (!request || !answer || !isOurs) throw new InteractionLost('There is no such answer of a provider.')
    const usable = registry.find(request.upstreamId)
    if (!usable) throw new InteractionLost('The provider is switched off.')
    const { id, name } = usable.upstream
    if (answer.code === undefined) {
      // The error is what the provider says: a person who changed their mind, or a mistake in the settings.
      if (answer.error !== 'access_denied') onProblem(id, new UpstreamError('authorization', 'answered with an error'))
      show.login(ctx, interaction, { login: interaction.loginHint, problem: 'provider-refused', provider: name })
      return undefined
    }
    try {
      const signedIn = await protocol.finish(usable, request, { code: answer.code, iss: answer.iss })
      // Only of Apple is believed what comes beside the token.
      const told = usable.upstream.kind === 'apple' ? answer.user : undefined
      return { usable, ...signedIn, identity: await deps.withFirstName(signedIn.identity, told) }
    } catch (error) {
      if (!(error instanceof UpstreamError)) throw error
      onProblem(id, error)
      audit({ type: 'login.refused', reason: `${id}: ${error.step}` })
      const { requestId } = requestState(ctx)
      const view = { code: 'provider_failed', requestId, reload: show.pathOf(interaction) }
      deps.answerPage(ctx, 'error', view, { status: 502, uiLocales: interaction.uiLocales })
      return undefined
    }
  }

  async function signIn(ctx: Context, interaction: Interaction, found: UpstreamSignIn & { usable: UsableUpstream }) {
    const { identity, sid, amr } = found
    const { id, name, allows_registration } = found.usable.upstream
    const languages = wantedLanguages(ctx, interaction.uiLocales)
    const outcome = await deps.signInByIdentity(identity, {
      isRegistrationOpen: deps.isRegistrationOpen && allows_registration !== false,
      locale: deps.pages.chooseLanguage(languages),
      registrant: {
        ...askerOf(ctx, deps.device, identity.email?.address ?? ''),
        browser: browserOf(ctx, deps.csrf),
      },
    })
    const refuse = (reason: string, customerId?: string) =>
      audit({ type: 'login.refused', ...(customerId && { customerId }), reason: `${id}: ${reason}` })
    switch (outcome.outcome) {
      case 'signed-in': {
        const { customer, proof } = outcome
        if (outcome.isNew) {
          audit({ type: 'customer.registered', customerId: customer.id, reason: `by ${id}` })
          audit({ type: 'customer.upstream-linked', customerId: customer.id, reason: id })
        }
        const { issuer, subject } = identity
        const upstream = { id, issuer, subject, ...(sid !== undefined && { sid }) }
        const end = { proof, amr: [ELSEWHERE, ...amr], remember: false, upstream }
        const need = await deps.factorNeeded(customer, interaction.client.clientId, end.amr)
        if (need !== undefined) return deps.demandFactor(ctx, interaction, { ...end, need })
        audit({ type: 'login.succeeded', customerId: customer.id, reason: id })
        return finishLogin(ctx, end)
      }
      case 'unconfirmed':
        refuse('unconfirmed', outcome.customer.id)
        return show.login(ctx, interaction, { login: outcome.customer.email, problem: 'unconfirmed' }, 422)
      case 'account-exists':
        refuse('not connected')
        await offers.make(interaction.uid, { identity, provider: name })
        return show.login(ctx, interaction, { login: outcome.email, problem: 'provider-account', provider: name }, 200)
      case 'letter-sent':
        return seeOther(ctx, keepLanguages(ctx, `${deps.pages.publicPath}/sent/registration`, interaction.uiLocales))
      case 'refused':
      case 'unknown':
        refuse('no account', outcome.outcome === 'refused' ? outcome.customerId : undefined)
        return show.login(ctx, interaction, { problem: 'provider-unknown', provider: name }, 422)
    }
  }

  /** Ends a sign-in, by whatever means; with an offer to connect, the person is asked first. */
  async function finishLogin(ctx: Context, result: FinishedLogin): Promise<void> {
    const interaction = await interactions.find(ctx)
    if (registry.usable().length === 0 || !(await offers.find(interaction.uid)))
      return interactions.finishLogin(ctx, result)
    await deps.storage.put(CHOICE, interaction.uid, { result }, CHOICE_TTL_SECONDS)
    seeOther(ctx, `${show.pathOf(interaction)}/connect`)
  }

  async function chosen(uid: string) {
    const [stored, offer] = [await deps.storage.get(CHOICE, uid), await offers.find(uid)]
    if (!stored || stored.consumedAt !== undefined) return undefined
    const result = stored.artifact.result as FinishedLogin // as `finishLogin` put it
    const measured = await deps.proofs.measure(result.proof)
    return measured && { result, offer, customer: measured.customer }
  }

  return {
    finishLogin,

    /** A button was pressed. */
    begin: (async (ctx, interaction, form) => {
      const { upstream: id = '' } = ctx.params as { upstream?: string } // the router decodes it
      const usable = registry.find(id)
      if (!usable) return seeOther(ctx, show.pathOf(interaction))
      await begin(ctx, interaction, usable, form.login)
    }) satisfies Step,

    /** Whoever types an address of a company with a provider of its own is sent there, with or without a password. */
    byAddress: (step: Step): Step =>
      async function byAddress(ctx, interaction, form) {
        const login = (form.login ?? '').trim()
        const usable = findUpstream(login)
        await (usable ? begin(ctx, interaction, usable, login) : step(ctx, interaction, form))
      },

    /** The person is back, with cookies. */
    async arrive(ctx: Context, interaction: Interaction): Promise<void> {
      const { state } = ctx.query
      const found = await finish(ctx, interaction, typeof state === 'string' ? state : '')
      if (found) await signIn(ctx, interaction, found)
    },

    async openChoice(ctx: Context, interaction: Interaction): Promise<void> {
      const found = await chosen(interaction.uid)
      if (!found?.offer) return seeOther(ctx, show.pathOf(interaction))
      const { provider, identity } = found.offer
      show.connect(ctx, interaction, { provider, account: identity.email?.address, login: found.customer.email })
    },

    choose: (async (ctx, interaction, { decision }) => {
      const found = await chosen(interaction.uid)
      if (!found) return seeOther(ctx, show.pathOf(interaction))
      if (decision !== 'connect' && decision !== 'later')
        return show.malformedForm(ctx, 400, 'decision must be connect or later', show.pathOf(interaction))
      if (!(await deps.storage.consume(CHOICE, interaction.uid))) return seeOther(ctx, show.pathOf(interaction))
      const offer = await offers.take(interaction.uid)
      if (offer && decision === 'connect') await deps.linkedAccounts.connect(found.customer.id, offer.identity)
      await interactions.finishLogin(ctx, found.result)
    }) satisfies Step,
  }
}
