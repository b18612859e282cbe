import type { Context } from 'koa'

/** The pages the library shows in the middle of its endpoints; whoever wires the program brings them. */
export type ProtocolPages = {
  renderLogout(ctx: Context, formHtml: string, formActions?: readonly string[]): void
  renderSignedOut(ctx: Context, clientName?: string): void
  renderError(ctx: Context, error: { error: string; error_description?: string }): void
  renderDeviceInput(ctx: Context, formHtml: string, error?: Error): void
  renderDeviceConfirm(
    ctx: Context,
    formHtml: string,
    device: { clientName: string; userCode: string; scopes: readonly string[] },
  ): void
  renderDeviceDone(ctx: Context, clientName?: string): void
}
