import type { Context } from 'koa'
import type { Interaction } from '../oauth/interactions.ts'
import type { Form } from './form-door.ts'

/** What a form of an interaction does. */
export type Step = (ctx: Context, interaction: Interaction, form: Form) => Promise<void>
