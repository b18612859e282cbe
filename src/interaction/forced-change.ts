import type { Context } from 'koa'
import { networkOf } from '../credentials/ip-network.ts'
import type { Customer } from '../customers/customer.ts'
import type { Proofs } from '../customers/proof.ts'
import type { PasswordChange } from '../customers/recovery/recovery-password-change.ts'
import { seeOther } from '../http/see-other.ts'
import type { Interaction, Interactions } from '../oauth/browser/interactions.ts'
import type { Artifact, Storage } from '../storage/storage.ts'
import type { InteractionPages } from './interaction-pages.ts'
import { wantedLanguages } from './page-languages.ts'
import { passwordProblem, refusedPassword } from './recovery/password-form.ts'
import type { Form } from './standalone-forms.ts'
import type { SignedIn } from './step.ts'

export type ForcedChangeDeps = {
  readonly storage: Pick<Storage, 'get' | 'put' | 'putOnce' | 'consume'>
  readonly passwordChange: PasswordChange
  readonly proofs: Proofs
  /** In characters, for the hint at the field. */
  readonly minLength: number
}

type Deps = ForcedChangeDeps & {
  readonly interactions: Pick<Interactions, 'finishLogin'>
  readonly show: Pick<InteractionPages, 'newPassword' | 'pathOf'>
}

/** A customer whose password was right and who must choose another first; found by the interaction, which a cookie guards. */
const PENDING = 'PendingSignIn'
const PENDING_TTL_SECONDS = 900
/** A password that breaks the policy still signs in once; then it must be changed. */
const PUT_OFF = 'PasswordChangePutOff'
const PUT_OFF_TTL_SECONDS = 90 * 86_400

/** The step between a right password that is not good enough and the end of the sign-in. */
export function createForcedChange({ storage, passwordChange, proofs, minLength, interactions, show }: Deps) {
  async function pending(uid: string): Promise<SignedIn | undefined> {
    const stored = await storage.get(PENDING, uid)
    if (!stored || stored.consumedAt !== undefined) return undefined
    const found = await proofs.measure(stored.artifact.proof)
    return found && { ...found, amr: amrIn(stored.artifact), remember: stored.artifact.remember === true }
  }

  const mayWait = async ({ id }: Customer) => (await storage.get(PUT_OFF, id)) === undefined
  const startAgain = (ctx: Context, interaction: Interaction) => seeOther(ctx, show.pathOf(interaction))
  const finish = (ctx: Context, { proof, amr, remember }: Pick<SignedIn, 'proof' | 'amr' | 'remember'>) =>
    interactions.finishLogin(ctx, { proof, amr, remember })

  return {
    async demand(ctx: Context, interaction: Interaction, { proof, amr, remember }: SignedIn): Promise<void> {
      await storage.put(PENDING, interaction.uid, { proof, amr, remember }, PENDING_TTL_SECONDS)
      seeOther(ctx, `${show.pathOf(interaction)}/new-password`)
    },

    async open(ctx: Context, interaction: Interaction): Promise<void> {
      const signedIn = await pending(interaction.uid)
      if (!signedIn) return startAgain(ctx, interaction)
      const { customer } = signedIn
      show.newPassword(ctx, interaction, { login: customer.email, minLength, mayWait: await mayWait(customer) })
    },

    async choose(ctx: Context, interaction: Interaction, form: Form): Promise<void> {
      const signedIn = await pending(interaction.uid)
      if (!signedIn) return startAgain(ctx, interaction)
      const { customer, amr, remember } = signedIn
      const problem = passwordProblem(form)
      const prepared = problem
        ? ({ outcome: 'refused', reason: problem } as const)
        : await passwordChange.prepare(form.password ?? '', customer.email, networkOf(ctx.ip))
      if (prepared.outcome !== 'prepared') {
        const { status, ...state } = refusedPassword(ctx, prepared)
        const page = { login: customer.email, minLength, mayWait: await mayWait(customer), ...state }
        return show.newPassword(ctx, interaction, page, status)
      }
      if (!(await storage.consume(PENDING, interaction.uid))) return startAgain(ctx, interaction)
      const languages = wantedLanguages(ctx, interaction.uiLocales)
      const proof = await passwordChange.apply(signedIn, prepared.password, languages)
      if (!proof) return startAgain(ctx, interaction)
      await finish(ctx, { proof, amr, remember })
    },

    /** "Not this time" is an answer once. */
    async putOff(ctx: Context, interaction: Interaction): Promise<void> {
      const signedIn = await pending(interaction.uid)
      const isAllowed = signedIn && (await storage.putOnce(PUT_OFF, signedIn.customer.id, {}, PUT_OFF_TTL_SECONDS))
      if (!isAllowed || !(await storage.consume(PENDING, interaction.uid))) return startAgain(ctx, interaction)
      await finish(ctx, signedIn)
    },
  }
}

/** How the person signed in; a node of an earlier release wrote nothing, and knew passwords only. */
function amrIn({ amr }: Artifact): readonly string[] {
  return Array.isArray(amr) ? amr.map(String) : ['pwd']
}
