import type { Context } from 'koa'
import type { CustomerPasskeys } from '../../customers/passkeys/customer-passkeys.ts'
import type { Measured, Proof, Proofs } from '../../customers/proof.ts'
import { seeOther } from '../../http/see-other.ts'
import type { Interaction, Interactions } from '../../oauth/browser/interactions.ts'
import type { Storage } from '../../storage/storage.ts'
import type { InteractionPages } from '../interaction-pages.ts'
import { wantedLanguages } from '../page-languages.ts'
import type { Form } from '../standalone-forms.ts'

/** A sign-in that is complete but for the offer. */
type SignIn = { readonly proof: Proof; readonly amr: readonly string[]; readonly remember: boolean }

export type PasskeyOfferDeps = {
  readonly storage: Pick<Storage, 'get' | 'put' | 'putOnce' | 'consume'>
  readonly proofs: Pick<Proofs, 'measure'>
  readonly customerPasskeys: CustomerPasskeys
}

type Deps = PasskeyOfferDeps & {
  readonly interactions: Pick<Interactions, 'finishLogin'>
  readonly show: Pick<InteractionPages, 'passkeyOffer' | 'pathOf'>
}

const PENDING = 'PendingPasskeyOffer'
const PENDING_TTL_SECONDS = 900
/** A person is asked once a year, whatever they answer; the account page has it all the time. */
const OFFERED = 'PasskeyOffered'
const OFFERED_TTL_SECONDS = 365 * 86_400

/**
 * The offer of a passkey after a sign-in by password. Only in a browser whose script said that the device can hold one, only
 * to a person who has none, and once. A browser that makes passkeys by itself does so there, and the person sees nothing.
 */
export function createPasskeyOffer({ storage, proofs, customerPasskeys, interactions, show }: Deps) {
  async function pending(uid: string): Promise<(Measured & Omit<SignIn, 'proof'>) | undefined> {
    const stored = await storage.get(PENDING, uid)
    if (!stored || stored.consumedAt !== undefined) return undefined
    const { proof, amr, remember } = stored.artifact as SignIn // as `offer` stored it; the proof is measured
    const found = await proofs.measure(proof)
    return found && { ...found, amr, remember }
  }

  async function finish(ctx: Context, interaction: Interaction, signIn: SignIn): Promise<void> {
    if (!(await storage.consume(PENDING, interaction.uid))) return startAgain(ctx, interaction)
    const { proof, amr, remember } = signIn
    await interactions.finishLogin(ctx, { proof, amr, remember })
  }

  const startAgain = (ctx: Context, interaction: Interaction) => seeOther(ctx, show.pathOf(interaction))

  async function showOffer(ctx: Context, interaction: Interaction, { customer }: Measured, isRefused: boolean) {
    const options = await customerPasskeys.creationOptions('registration', interaction.uid, customer)
    const upgrade = isRefused ? undefined : await customerPasskeys.creationOptions('upgrade', interaction.uid, customer)
    const state = { options, upgrade, isRefused }
    show.passkeyOffer(ctx, interaction, state, isRefused ? 422 : 200)
  }

  return {
    /** False where there is nothing to offer, and the sign-in goes on. */
    async offer(ctx: Context, interaction: Interaction, signIn: SignIn, form: Form): Promise<boolean> {
      if (form.passkeys !== 'yes') return false
      const { customerId } = signIn.proof
      if ((await customerPasskeys.list(customerId)).length > 0) return false
      if (!(await storage.putOnce(OFFERED, customerId, {}, OFFERED_TTL_SECONDS))) return false
      const { proof, amr, remember } = signIn
      await storage.put(PENDING, interaction.uid, { proof, amr, remember }, PENDING_TTL_SECONDS)
      seeOther(ctx, `${show.pathOf(interaction)}/passkey-offer`)
      return true
    },

    async open(ctx: Context, interaction: Interaction): Promise<void> {
      const signIn = await pending(interaction.uid)
      if (!signIn) return startAgain(ctx, interaction)
      await showOffer(ctx, interaction, signIn, false)
    },

    /** An upgrade that is refused shows the offer as if nothing had been tried. */
    add: (ceremony: 'registration' | 'upgrade') =>
      async function addPasskey(ctx: Context, interaction: Interaction, form: Form): Promise<void> {
        const signIn = await pending(interaction.uid)
        if (!signIn) return startAgain(ctx, interaction)
        const { customer } = signIn
        const languages = wantedLanguages(ctx, interaction.uiLocales)
        const at = { ceremony, place: interaction.uid, languages }
        const added = await customerPasskeys.add(customer, form.credential ?? '', at)
        if (added.outcome === 'registered') return finish(ctx, interaction, signIn)
        await showOffer(ctx, interaction, signIn, true)
      },

    async skip(ctx: Context, interaction: Interaction): Promise<void> {
      const signIn = await pending(interaction.uid)
      if (!signIn) return startAgain(ctx, interaction)
      await finish(ctx, interaction, signIn)
    },
  }
}
