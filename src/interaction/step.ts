import type { Context } from 'koa'
import type { Interaction } from '../oauth/browser/interactions.ts'
import type { Form } from './standalone-forms.ts'

/** What a form of an interaction does. */
export type Step = (ctx: Context, interaction: Interaction, form: Form) => Promise<void>
