import { seeOther } from '../../http/see-other.ts'
import type { ConsolePage, ConsoleRequest, Form, Refusal } from './page.ts'

const PATH = '/console/second-factor'
const API = '/v1/self/second-factor'

type Standing = {
  readonly hasSecondFactor: boolean
  readonly recoveryCodesLeft: number
  readonly isRequired: boolean
}
/** `uri` opens an authenticator app; it is shown with the first answer alone. */
type Enrolled = { readonly secret: string; readonly uri?: string }

/**
 * One's own second factor. Secrets and codes are in the answer to the form that asked for them, and nowhere else; a wrong
 * first code shows the same secret again, from the form.
 */
export const secondFactorPage: ConsolePage = {
  path: '/second-factor',
  open: async (request) => show(request),
  submit: async (request, form) => (STEPS[form.step ?? ''] ?? show)(request, form),
}

const STEPS: Readonly<Record<string, (request: ConsoleRequest, form: Form) => Promise<void>>> = {
  async begin(request, { current = '' }) {
    const answer = await request.api.send<Enrolled>('POST', API, { body: { current } })
    if (answer.outcome === 'refused') return show(request, {}, inTheirPlace(answer.problem))
    confirm(request, answer.body)
  },
  async confirm(request, { code = '', secret = '' }) {
    const body = { code: code.trim() }
    const answer = await request.api.send<{ recoveryCodes: string[] }>('POST', `${API}/confirm`, { body })
    if (answer.outcome === 'refused') return confirm(request, { secret }, inTheirPlace(answer.problem))
    showCodes(request, answer.body.recoveryCodes, true)
  },
  async renew(request, { current = '', code = '' }) {
    const body = { current, code: code.trim() }
    const answer = await request.api.send<{ recoveryCodes: string[] }>('POST', `${API}/recovery-codes`, { body })
    if (answer.outcome === 'refused') return show(request, {}, inTheirPlace(answer.problem))
    showCodes(request, answer.body.recoveryCodes, false)
  },
  async remove(request, { current = '', code = '' }) {
    const answer = await request.api.send('POST', `${API}/remove`, { body: { current, code: code.trim() } })
    if (answer.outcome === 'refused') return show(request, {}, inTheirPlace(answer.problem))
    seeOther(request.ctx, `${PATH}?done=second-factor-removed`)
  },
}

async function show(request: ConsoleRequest, _form?: Form, problem?: Refusal): Promise<void> {
  const standing = await request.api.get<Standing>(API)
  request.show('second-factor', { title: 'Second factor', ...standing, problem }, { status: problem?.status ?? 200 })
}

function confirm(request: ConsoleRequest, { secret, uri }: Enrolled, problem?: Refusal): void {
  const groups = secret.replaceAll(/(.{4})(?=.)/g, '$1 ')
  const view = { title: 'Add the key to your app', secret, uri, groups, problem }
  request.show('second-factor-confirm', view, { status: problem?.status ?? 200 })
}

function showCodes(request: ConsoleRequest, recoveryCodes: readonly string[], isSignedOut: boolean): void {
  request.show('recovery-codes', { title: 'Your recovery codes', recoveryCodes, isSignedOut })
}

/** The person is known: only what they typed can have been wrong. */
function inTheirPlace(refusal: Refusal): Refusal {
  if (refusal.status === 401) return { status: 422, message: 'The password or the code is wrong.' }
  return refusal.status === 400 ? { status: 422, message: 'A code of the app has six digits.' } : refusal
}
