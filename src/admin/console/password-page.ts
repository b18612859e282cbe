import { seeOther } from '../../http/see-other.ts'
import type { ConsolePage, ConsoleRequest, Refusal } from './page.ts'

/** Another password of one's own. It ends all sessions, this one too. */
export const passwordPage: ConsolePage = {
  path: '/password',
  open: async (request) => show(request),
  async submit(request, { current = '', password = '' }) {
    const answer = await request.api.send('POST', '/v1/self/password', { body: { current, password } })
    if (answer.outcome === 'refused') return show(request, inTheirPlace(answer.problem))
    seeOther(request.ctx, '/console/sign-in?done=password-changed')
  },
}

function show(request: ConsoleRequest, problem?: Refusal): void {
  request.show('password', { title: 'Change your password', problem }, { status: problem?.status ?? 200 })
}

/** The person is known: only the password can have been wrong. */
function inTheirPlace(refusal: Refusal): Refusal {
  return refusal.status === 401 ? { status: 422, message: 'The current password is wrong.' } : refusal
}
