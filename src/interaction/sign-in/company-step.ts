import type { Context } from 'koa'
import type { Audit } from '../../audit/events.ts'
import { type Customer, isActiveCompanyUser } from '../../customers/customer.ts'
import { requestState } from '../../http/request-state.ts'
import type { Interaction, Interactions } from '../../oauth/browser/interactions.ts'
import type { InteractionPages } from '../interaction-pages.ts'
import type { Step } from '../step.ts'
import { companyChoices } from './company-choices.ts'

/** What the choice of a company remembers, where the companies of customers are ours. */
export type CompanyMemory = {
  /** Makes a company user the default of a customer. */
  setDefault(customerId: string, companyUserId: string): Promise<unknown>
  /** Notes that a customer chose to act as a company user. */
  noteChosen(customerId: string, companyUserId: string): Promise<unknown>
  /** The company users that a customer chose before, the last one first. */
  lastChosen(customerId: string): Promise<readonly string[]>
}

export type CompanyStepDeps = {
  readonly interactions: Pick<Interactions, 'chooseCompany'>
  readonly show: Pick<InteractionPages, 'chooseCompany' | 'malformedForm' | 'pathOf'>
  readonly findCustomer: (
    id: string,
  ) => Promise<Pick<Customer, 'email' | 'companyUsers' | 'customerReference'> | undefined>
  readonly memory?: CompanyMemory
  readonly note?: Audit
}

/** Which company a customer of several acts for: one tap, and a search where there are many. */
export function createCompanyStep({ interactions, show, findCustomer, memory, note }: CompanyStepDeps) {
  /** Shows the companies; `search` narrows them down, without a script. */
  async function open(ctx: Context, interaction: Interaction): Promise<boolean> {
    const customerId = interaction.accountId ?? ''
    const customer = await findCustomer(customerId)
    if (!customer) return false
    const { search } = ctx.query
    const lastChosen = await memory?.lastChosen(customerId)
    const choices = companyChoices(customer, {
      ...(typeof search === 'string' && { search }),
      ...(lastChosen && { lastChosen }),
    })
    show.chooseCompany(ctx, interaction, { ...choices, login: customer.email, own: customer.customerReference })
    return true
  }

  /** The button is the company. Without one the person acts for themselves. */
  const choose: Step = async (ctx, interaction, { company, remember }) => {
    const customerId = interaction.accountId ?? ''
    const customer = await findCustomer(customerId)
    const chosen = customer?.companyUsers.filter(isActiveCompanyUser).find(({ id }) => id === company)
    if (!chosen && company !== '')
      return show.malformedForm(ctx, 400, 'company must be one of those shown', show.pathOf(interaction))
    if (chosen) await memory?.noteChosen(customerId, chosen.id)
    if (chosen && remember === 'yes') await memory?.setDefault(customerId, chosen.id)
    note?.({
      type: 'company.chosen',
      customerId,
      clientId: interaction.client.clientId,
      ip: ctx.ip,
      requestId: requestState(ctx).requestId,
      reason: chosen ? `company user ${chosen.id}` : 'a private person',
    })
    await interactions.chooseCompany(ctx, chosen?.id)
  }

  return { open, choose }
}
