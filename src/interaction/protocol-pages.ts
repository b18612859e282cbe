import { requestState } from '../http/request-state.ts'
import type { ProtocolPages } from '../oauth/browser/pages.ts'
import { createAnswerPage } from './answer-page.ts'
import { readLibraryForm } from './library-form.ts'
import { wantedLanguages } from './page-languages.ts'
import type { DeviceProblem } from './page-views.ts'
import type { Pages } from './pages.ts'
import { safeLink } from './safe-link.ts'
import { scopeViews } from './scope-views.ts'
import { waysOn } from './start/ways-on.ts'

const longestDetail = 300

/** The pages in the middle of a protocol endpoint: sign-out, device codes (RFC 8628 §3.3), errors that cannot redirect. */
export function createProtocolPages({ pages }: { pages: Pages }): ProtocolPages {
  const answerPage = createAnswerPage(pages)

  return {
    renderLogout(ctx, formHtml, { endsOutside, client }) {
      answerPage(ctx, 'logout', { form: readLibraryForm(formHtml), clientBrand: client?.facts }, { endsOutside })
    },
    renderSignedOut(ctx, client) {
      answerPage(ctx, 'signed-out', waysOn(client))
    },
    renderStaying(ctx, client) {
      const home = safeLink(client?.home)
      if (home) {
        ctx.redirect(home)
        ctx.status = 303
        return
      }
      ctx.remove('Location')
      answerPage(ctx, 'staying', waysOn(client), { status: 200 })
    },
    renderError(ctx, { error, error_description: detail }, { client, signOut }) {
      const { requestId } = requestState(ctx)
      const ways = { ...waysOn(client), signOut }
      answerPage(ctx, 'error', { code: errorCode(error), detail: detail?.slice(0, longestDetail), requestId, ...ways })
    },
    renderDeviceInput(ctx, formHtml, error) {
      const form = readLibraryForm(formHtml)
      answerPage(ctx, 'device', { form, userCode: form.typed, problem: error && deviceProblem(error) })
    },
    renderDeviceConfirm(ctx, formHtml, { client, userCode, scopes: asked }) {
      const scopes = scopeViews(asked, wantedLanguages(ctx))
      const shown = { clientName: client.name, clientBrand: client.facts, userCode, scopes }
      answerPage(ctx, 'device-confirm', { ...shown, form: readLibraryForm(formHtml) })
    },
    renderDeviceDone(ctx, client) {
      answerPage(ctx, 'device-done', waysOn(client))
    },
  }
}

/** RFC 6749 §5.2 lets a code hold almost anything printable; the page looks texts up by it. */
function errorCode(error: string): string {
  return /^[\w.-]{1,60}$/.test(error) ? error : 'other'
}

/** Unknown, expired and used codes read the same: the page must not tell which codes exist. */
function deviceProblem({ name }: Error): DeviceProblem {
  switch (name) {
    case 'NoCodeError':
      return 'missing'
    case 'NotFoundError':
    case 'ExpiredError':
    case 'AlreadyUsedError':
      return 'wrong'
    case 'AbortedError':
      return 'aborted'
    default:
      return 'other'
  }
}
