import { seeOther } from '../../http/see-other.ts'
import type { ConsolePage, Refusal, Visit } from './page.ts'

/** Another password of one's own. It ends all sessions, this one too. */
export const passwordPage: ConsolePage = {
  path: '/password',
  open: async (visit) => show(visit),
  async submit(visit, { current = '', password = '' }) {
    const answer = await visit.api.send('POST', '/v1/self/password', { body: { current, password } })
    if (answer.outcome === 'refused') return show(visit, inTheirPlace(answer.problem))
    seeOther(visit.ctx, '/console/sign-in?done=password-changed')
  },
}

function show(visit: Visit, problem?: Refusal): void {
  visit.show('password', { title: 'Choose another password', problem }, { status: problem?.status ?? 200 })
}

/** The person is known: only the password can have been wrong. */
function inTheirPlace(refusal: Refusal): Refusal {
  return refusal.status === 401 ? { status: 422, message: 'The current password is wrong.' } : refusal
}
