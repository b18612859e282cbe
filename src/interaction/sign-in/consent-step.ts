import type { Said } from '../../client-links/link-rows.ts'
import type { Interactions } from '../../oauth/browser/interactions.ts'
import type { InteractionPages } from '../interaction-pages.ts'
import { readLowering } from '../mandates/mandate-form.ts'
import type { Step } from '../step.ts'

export type ConsentStepDeps = {
  readonly interactions: Pick<Interactions, 'grantConsent' | 'refuseConsent'>
  readonly show: Pick<InteractionPages, 'consent' | 'malformedForm' | 'pathOf'>
  readonly customerOf: (interaction: Parameters<Step>[1]) => Promise<Parameters<InteractionPages['consent']>[2]>
  /** What the page said that is answered. */
  readonly said: (...page: Parameters<Step>) => Promise<Said>
  /** MANDATE_TIME_ZONE. */
  readonly timeZone: string
}

/** Takes in what a customer answers: of a purchase mandate also what they lowered. */
export function createConsentStep({ interactions, show, customerOf, said, timeZone }: ConsentStepDeps): Step {
  return async function answerConsent(ctx, interaction, form) {
    const { decision } = form
    const { mandate } = interaction
    if (decision === 'deny' || (decision === 'allow' && mandate?.kind === 'over'))
      return interactions.refuseConsent(ctx)
    if (decision !== 'allow')
      return show.malformedForm(ctx, 400, 'decision must be allow or deny', show.pathOf(interaction))
    const read = mandate?.kind === 'mandate' ? readLowering(mandate.terms, form, timeZone) : { lowering: {} }
    if ('lowering' in read) return interactions.grantConsent(ctx, await said(ctx, interaction, form), read.lowering)
    show.consent(ctx, interaction, await customerOf(interaction), { ...read, typed: form })
  }
}
