import type { Context } from 'koa'
import { qrCode } from '../../credentials/qr-code.ts'
import type { Proof } from '../../customers/proof.ts'
import type { CustomerFactors } from '../../customers/second-factor/customer-factors.ts'
import { seeOther } from '../../http/see-other.ts'
import { SECOND_FACTOR_AMR } from '../../oauth/accounts/acr.ts'
import type { Interaction, Interactions } from '../../oauth/browser/interactions.ts'
import type { InteractionPages } from '../interaction-pages.ts'
import { wantedLanguages } from '../page-languages.ts'
import type { Step } from '../step.ts'
import type { Complete } from './complete-sign-in.ts'
import type { MeasuredSignIn, StagedSignIns } from './staged-factor.ts'

export type SetUpStepDeps = {
  readonly factors: Pick<CustomerFactors, 'beginEnrolment' | 'enrolmentAgain' | 'enrol' | 'isOffered'>
  readonly interactions: Pick<Interactions, 'abort'>
  readonly staged: StagedSignIns
  readonly complete: Complete
  readonly show: Pick<InteractionPages, 'secondFactorSetUp' | 'recoveryCodes' | 'pathOf'>
}

/** The step for a customer who must have a second factor and has none: an app is set up before the sign-in goes on. */
export function createSetUpStep({ factors, interactions, staged, complete, show }: SetUpStepDeps) {
  const startAgain = (ctx: Context, interaction: Interaction) => seeOther(ctx, show.pathOf(interaction))

  async function findAt(interaction: Interaction, need: MeasuredSignIn['need']): Promise<MeasuredSignIn | undefined> {
    const signIn = await staged.find(interaction.uid)
    return signIn?.need === need ? signIn : undefined
  }

  function page(ctx: Context, interaction: Interaction, { customer }: MeasuredSignIn, sealed?: string): void {
    const again = sealed === undefined ? undefined : factors.enrolmentAgain(customer, sealed)
    const { secret, uri, sealed: enrolment } = again ?? factors.beginEnrolment(customer)
    const view = { secret, uri, enrolment, qr: qrCode(uri), login: customer.email }
    const problem = again ? 'wrong' : 'too-late'
    if (sealed === undefined) show.secondFactorSetUp(ctx, interaction, view)
    else show.secondFactorSetUp(ctx, interaction, { ...view, problem }, 422)
  }

  return {
    async open(ctx: Context, interaction: Interaction): Promise<void> {
      // A service of the shop keeps the customers, and a client wants what they cannot have.
      if (!factors.isOffered) return interactions.abort(ctx)
      const signIn = await findAt(interaction, 'set-up')
      if (!signIn) return startAgain(ctx, interaction)
      page(ctx, interaction, signIn)
    },

    confirm: (async (ctx, interaction, { enrolment = '', code = '' }) => {
      const signIn = await findAt(interaction, 'set-up')
      if (!signIn || !factors.isOffered) return startAgain(ctx, interaction)
      const languages = wantedLanguages(ctx, interaction.uiLocales)
      const codes = await factors.enrol(signIn.customer, { sealed: enrolment, code: code.trim() }, languages)
      if (!codes) return page(ctx, interaction, signIn, enrolment)
      const { amr, remember, mustChangePassword, authTime, upstream } = signIn
      const done = { remember, mustChangePassword, authTime, upstream, need: 'done' as const }
      const isStaged = await staged.put(interaction.uid, {
        ...done,
        proof: afterEnrolment(signIn.proof),
        amr: [...new Set([...amr, ...SECOND_FACTOR_AMR])],
      })
      if (!isStaged) return startAgain(ctx, interaction)
      show.recoveryCodes(ctx, interaction, { codes })
    }) satisfies Step,

    /** The person has kept the recovery codes. */
    done: (async (ctx, interaction) => {
      const signIn = await findAt(interaction, 'done')
      if (!signIn || !(await staged.end(interaction.uid))) return startAgain(ctx, interaction)
      await complete(ctx, interaction, signIn, 'with a second factor: app, set up just now')
    }) satisfies Step,
  }
}

/** A new factor raises the generation by one; anything else that changed meanwhile still ends the sign-in. */
function afterEnrolment({ generation, ...proof }: Proof): Proof {
  return generation === undefined ? proof : { ...proof, generation: generation + 1 }
}

export type SetUpStep = ReturnType<typeof createSetUpStep>
