import type { Context } from 'koa'
import type { AskedScope } from './asked-scopes.ts'
import type { WaysOut } from './ways-out.ts'

/** The pages that the library shows in the middle of its endpoints, one for each of its hooks. */
export type ProtocolPages = {
  /** `formHtml` is the library's form; it ends outside where a client asked to be led back to. */
  renderLogout(ctx: Context, formHtml: string, asked: { endsOutside: boolean; client: WaysOut['client'] }): void
  renderSignedOut(ctx: Context, client: WaysOut['client']): void
  /** After a person chose not to sign out: to the client's home, or a page that says that nothing happened. */
  renderStaying(ctx: Context, client: WaysOut['client']): void
  renderError(ctx: Context, error: { error: string; error_description?: string }, waysOut: WaysOut): void
  /** `error` is what the library threw for the code that was typed. */
  renderDeviceInput(ctx: Context, formHtml: string, error?: Error): void
  renderDeviceConfirm(
    ctx: Context,
    formHtml: string,
    device: { client: NonNullable<WaysOut['client']>; userCode: string; scopes: readonly AskedScope[] },
  ): void
  renderDeviceDone(ctx: Context, client: WaysOut['client']): void
}
