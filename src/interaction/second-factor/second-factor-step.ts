import type { Context } from 'koa'
import { FACTORS, type Factor } from '../../credentials/factor-guard.ts'
import type { CustomerFactors } from '../../customers/second-factor/customer-factors.ts'
import { seeOther } from '../../http/see-other.ts'
import { MAILED_CODE_AMR, SECOND_FACTOR_AMR } from '../../oauth/accounts/acr.ts'
import type { Interaction } from '../../oauth/browser/interactions.ts'
import type { InteractionPages } from '../interaction-pages.ts'
import { wantedLanguages } from '../page-languages.ts'
import type { Step } from '../step.ts'
import type { SecondFactorProblem } from '../views/second-factor.ts'
import type { Complete } from './complete-sign-in.ts'
import type { RememberedBrowser } from './remembered-cookie.ts'
import type { MeasuredSignIn, StagedSignIn, StagedSignIns } from './staged-factor.ts'

export type SecondFactorStepDeps = {
  readonly factors: CustomerFactors
  readonly browser: RememberedBrowser
  readonly staged: StagedSignIns
  readonly complete: Complete
  readonly show: Pick<InteractionPages, 'secondFactor' | 'login' | 'pathOf'>
}

/** The step after a right password, or of a session that is not enough: the code of a second factor. */
export function createSecondFactorStep({ factors, browser, staged, complete, show }: SecondFactorStepDeps) {
  const startAgain = (ctx: Context, interaction: Interaction) => seeOther(ctx, show.pathOf(interaction))
  const pathAt = (interaction: Interaction, need: StagedSignIn['need']) =>
    `${show.pathOf(interaction)}/${need === 'set-up' ? 'second-factor-set-up' : 'second-factor'}`

  /** The ways that are open here, best first. A code by mail is none where a second factor is demanded by its name. */
  function waysOf({ need, isByMail }: StagedSignIn, { wantsSecondFactor }: Interaction): readonly Factor[] {
    const mail: readonly Factor[] = factors.mailedCodes && !isByMail ? ['mail'] : []
    if (need === 'mail') return mail
    return need === 'code' ? ['app', 'recovery', ...(wantsSecondFactor ? [] : mail)] : []
  }

  async function mail(ctx: Context, { uid, uiLocales }: Interaction, { customer }: MeasuredSignIn): Promise<boolean> {
    const languages = wantedLanguages(ctx, uiLocales)
    return (await factors.mailedCodes?.send({ customer, place: uid }, { ip: ctx.ip, languages })) === true
  }

  type State = {
    readonly way?: Factor | undefined
    readonly problem?: SecondFactorProblem
    readonly waitSeconds?: number
    readonly isKept?: boolean
    readonly status?: number
  }

  function page(
    ctx: Context,
    interaction: Interaction,
    signIn: MeasuredSignIn,
    { status = 200, ...state }: State,
  ): void {
    const ways = waysOf(signIn, interaction)
    const way = ways.find((each) => each === state.way) ?? ways[0]
    if (way === undefined) {
      startAgain(ctx, interaction)
      return
    }
    const others = ways.filter((each) => each !== way)
    const { remembersDevices } = factors
    show.secondFactor(
      ctx,
      interaction,
      { ...state, way, others, login: signIn.customer.email, remembersDevices },
      status,
    )
  }

  return {
    /** Takes over once the password was right; a browser that is remembered goes on at once. */
    async demand(ctx: Context, interaction: Interaction, signIn: StagedSignIn): Promise<void> {
      if (!(await staged.put(interaction.uid, signIn))) return startAgain(ctx, interaction)
      const found = await staged.find(interaction.uid)
      if (!found) return startAgain(ctx, interaction)
      const mayBeRemembered = signIn.need !== 'set-up' && !interaction.wantsSecondFactor
      if (mayBeRemembered && (await browser.use(ctx, found.customer.id))) {
        if (!(await staged.end(interaction.uid))) return startAgain(ctx, interaction)
        return complete(ctx, interaction, found, 'in a remembered browser')
      }
      if (signIn.need === 'mail') await mail(ctx, interaction, found)
      seeOther(ctx, pathAt(interaction, signIn.need))
    },

    /** The same for a session that lacks a second factor only; a login where there is none to show any more. */
    async stepUp(ctx: Context, interaction: Interaction): Promise<void> {
      const { session, client } = interaction
      const found = session && (await complete.findSession(session))
      const need = found ? await factors.needOf(found.customer, client.clientId) : 'none'
      if (!found || need === 'none') return show.login(ctx, interaction, { login: interaction.loginHint })
      const { proof } = found
      const { amr, remember, authTime, upstream } = session
      const isByMail = amr.every((method) => MAILED_CODE_AMR.includes(method))
      if (isByMail && need === 'mail')
        return show.login(ctx, interaction, { login: found.customer.email, problem: 'more-than-code' })
      if (!(await staged.put(interaction.uid, { proof, amr, remember, authTime, need, upstream, isByMail })))
        return show.login(ctx, interaction, {})
      if (need === 'mail') await mail(ctx, interaction, { ...found, amr, remember, need })
      seeOther(ctx, pathAt(interaction, need))
    },

    async open(ctx: Context, interaction: Interaction): Promise<void> {
      const signIn = await staged.find(interaction.uid)
      if (!signIn) return startAgain(ctx, interaction)
      page(ctx, interaction, signIn, { way: FACTORS.find((factor) => factor === ctx.query.way) })
    },

    /** A new code by mail. */
    sendMail: (async (ctx, interaction) => {
      const signIn = await staged.find(interaction.uid)
      if (!signIn || !waysOf(signIn, interaction).includes('mail')) return startAgain(ctx, interaction)
      if (!(await mail(ctx, interaction, signIn)))
        return page(ctx, interaction, signIn, { way: 'mail', problem: 'too-many-mails', status: 429 })
      seeOther(ctx, `${pathAt(interaction, 'mail')}?way=mail`)
    }) satisfies Step,

    check: (async (ctx, interaction, form) => {
      const signIn = await staged.find(interaction.uid)
      const way = signIn && waysOf(signIn, interaction).find((each) => each === form.way)
      if (!signIn || !way) return startAgain(ctx, interaction)
      const isKept = form.remember_device === 'yes'
      const code = (form.code ?? '').trim()
      if (code === '') return page(ctx, interaction, signIn, { way, problem: 'missing', isKept, status: 422 })
      const { customer } = signIn
      const languages = wantedLanguages(ctx, interaction.uiLocales)
      const attempt = { customer, factor: way, code, ip: ctx.ip, place: interaction.uid, languages }
      const redeemed = await factors.redeem(attempt)
      if (redeemed.outcome !== 'right') {
        complete.refused(ctx, interaction, customer, redeemed.outcome === 'locked' ? 'locked' : 'wrong-code')
        if (redeemed.outcome === 'wrong')
          return page(ctx, interaction, signIn, { way, problem: 'wrong', isKept, status: 422 })
        const waitSeconds = Math.ceil(redeemed.retryAfterSeconds)
        ctx.set('Retry-After', String(waitSeconds))
        return page(ctx, interaction, signIn, { way, problem: 'locked', waitSeconds, isKept, status: 429 })
      }
      if (!(await staged.end(interaction.uid))) return startAgain(ctx, interaction)
      if (isKept) await browser.remember(ctx, customer)
      const amr = [...signIn.amr, ...(way === 'mail' ? MAILED_CODE_AMR : SECOND_FACTOR_AMR)]
      await complete(ctx, interaction, { ...signIn, amr: [...new Set(amr)] }, `with a second factor: ${way}`)
    }) satisfies Step,
  }
}

export type SecondFactorStep = ReturnType<typeof createSecondFactorStep>
