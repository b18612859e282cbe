import type { AccountPage, AccountPagesDeps } from '../account-page.ts'
import { keepLanguages } from '../page-languages.ts'
import { tokenOf } from './token-address.ts'

const PATH = '/unblock'

/** Where an unblock link leads. */
export function createUnblockPages({
  answerPage,
  csrf,
  wayBack,
  pages,
  unblock,
  device,
}: AccountPagesDeps): AccountPage {
  return {
    async open(ctx) {
      const token = tokenOf(ctx)
      const customer = await unblock.find(token)
      if (!customer) return answerPage(ctx, 'link-dead', { kind: 'unblock' }, { status: 410 })
      const path = keepLanguages(ctx, pages.publicPath + PATH)
      const form = { path, csrf: csrf.issue(ctx, PATH), token }
      answerPage(ctx, 'link', { ...form, kind: 'unblock', login: customer.email }, { hasSecretAddress: true })
    },
    async submit(ctx, { token = '' }) {
      const contextOf = (login: string) => ({ ip: ctx.ip, deviceId: device.mark(ctx, login) })
      if (await unblock.finish(token, contextOf)) return wayBack.follow(ctx, 'unblocked')
      answerPage(ctx, 'link-dead', { kind: 'unblock' }, { status: 410 })
    },
  }
}
