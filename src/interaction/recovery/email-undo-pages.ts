import { seeOther } from '../../http/see-other.ts'
import type { AccountPage, AccountPagesDeps } from '../account-page.ts'
import { keepLanguages } from '../page-languages.ts'
import { donePath } from '../way-back.ts'
import { tokenOf } from './token-address.ts'

const PATH = '/email-undo'

/** Where the letter to a former e-mail address leads: to undo the change. */
export function createEmailUndoPages({ answerPage, csrf, pages, emailChanges }: AccountPagesDeps): AccountPage {
  return {
    async open(ctx) {
      const token = tokenOf(ctx)
      const login = await emailChanges.find(token)
      if (login === undefined) return answerPage(ctx, 'link-dead', { kind: 'email-undo' }, { status: 410 })
      const path = keepLanguages(ctx, pages.publicPath + PATH)
      const form = { path, csrf: csrf.issue(ctx, PATH), token }
      answerPage(ctx, 'link', { ...form, kind: 'email-undo', login }, { hasSecretAddress: true })
    },
    async submit(ctx, { token = '' }) {
      if ((await emailChanges.undo(token)) !== 'undone')
        return answerPage(ctx, 'link-dead', { kind: 'email-undo' }, { status: 410 })
      seeOther(ctx, keepLanguages(ctx, pages.publicPath + donePath('email-restored')))
    },
  }
}
