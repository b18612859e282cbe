import type { Customer } from '../../../customers/customer.ts'
import { confirmPage } from '../confirm-page.ts'
import { customerSegment } from '../console-api.ts'
import type { ConsolePage, ConsoleRequest } from '../page.ts'

/** What operators do to a customer; each asks once. */
export const customerActs: readonly ConsolePage[] = [
  confirmPage({
    path: '/customers/:customer/sign-out',
    ask: async (request) => ({
      title: 'Sign this customer out everywhere',
      subject: (await customerOf(request)).email,
      consequence: 'All of their tokens stop working at once, on every device. They can sign in again at once.',
      button: 'Sign them out',
      isDangerous: true,
      back: pageOf(request),
    }),
    act: async (request) => signOut(request, { of: 'customer', id: (await customerOf(request)).id }),
    done: 'customer-signed-out',
  }),
  confirmPage({
    path: '/customers/:customer/company-users/:id/sign-out',
    ask: (request) => ({
      title: 'Sign this company user out',
      subject: idOf(request),
      consequence: 'All of their tokens for this company stop working at once. Their other sign-ins continue.',
      button: 'Sign them out',
      isDangerous: true,
      back: pageOf(request),
    }),
    act: (request) => signOut(request, { of: 'company-user', id: idOf(request) }),
    done: 'company-user-signed-out',
  }),
  confirmPage({
    path: '/customers/:customer/grants/:id/end',
    ask: (request) => ({
      title: 'End this sign-in',
      subject: idOf(request),
      consequence: 'All of its tokens stop working at once. The customer’s other sign-ins continue.',
      button: 'End it',
      isDangerous: true,
      back: pageOf(request),
    }),
    act: (request) => request.api.send('POST', `/v1/grants/${encodeURIComponent(idOf(request))}/revoke`),
    done: 'grant-ended',
  }),
  confirmPage({
    path: '/customers/:customer/lift',
    ask: async (request) => ({
      title: 'Remove the lockouts of this login',
      subject: (await customerOf(request)).email,
      consequence: 'The login can be used again from every address. Earlier failures no longer count.',
      button: 'Lift them',
      back: pageOf(request),
    }),
    act: async (request) =>
      request.api.send('POST', '/v1/lockouts/lift', { body: { login: (await customerOf(request)).email } }),
    done: 'lockout-lifted',
  }),
  confirmPage({
    path: '/customers/:customer/reset-second-factor',
    ask: async (request) => ({
      title: 'Take the second factor away',
      subject: (await customerOf(request)).email,
      consequence:
        'Their password alone lets them sign in again, and their recovery codes stop working. They are told by mail. Do so only if you are sure whom you speak with.',
      button: 'Take it away',
      isDangerous: true,
      back: pageOf(request),
    }),
    act: (request) => request.api.send('POST', `${apiPath(request)}/second-factor/reset`),
    done: 'customer-factor-reset',
  }),
  supportAct(true, {
    title: 'Note that this customer allows support access',
    consequence:
      'Agents can act for them where SUPPORT_ACCESS_PERMISSION is needed. Do so only with the customer’s word.',
    button: 'They allow it',
    done: 'support-allowed',
  }),
  supportAct(false, {
    title: 'Note that this customer does not allow support access',
    consequence: 'Agents can no longer act for them where SUPPORT_ACCESS_PERMISSION is needed, from now on.',
    button: 'They do not allow it',
    done: 'support-refused',
  }),
  statusAct('block', {
    title: 'Block this customer',
    consequence: 'They are signed out everywhere and cannot sign in until they are unblocked.',
    button: 'Block them',
    isDangerous: true,
    done: 'customer-blocked',
  }),
  statusAct('unblock', {
    title: 'Unblock this customer',
    consequence: 'They can sign in again. Ended sign-ins stay ended.',
    button: 'Unblock them',
    done: 'customer-unblocked',
  }),
  statusAct('confirm', {
    title: 'Confirm this e-mail address',
    consequence: 'The address becomes confirmed, as if the customer had opened the link in the mail.',
    button: 'Confirm it',
    done: 'customer-confirmed',
  }),
]

type StatusAct = {
  readonly title: string
  readonly consequence: string
  readonly button: string
  readonly isDangerous?: boolean
  readonly done: string
}

function supportAct(allowsSupport: boolean, { done, ...said }: StatusAct): ConsolePage {
  return confirmPage({
    path: `/customers/:customer/${allowsSupport ? 'allow' : 'refuse'}-support`,
    ask: async (request) => ({ ...said, subject: (await customerOf(request)).email, back: pageOf(request) }),
    act: (request) => request.api.send('PATCH', apiPath(request), { body: { allowsSupport }, ifMatch: '*' }),
    done,
  })
}

function statusAct(act: string, { done, ...question }: StatusAct): ConsolePage {
  return confirmPage({
    path: `/customers/:customer/${act}`,
    ask: async (request) => ({ ...question, subject: (await customerOf(request)).email, back: pageOf(request) }),
    act: (request) => request.api.send('POST', `${apiPath(request)}/${act}`),
    done,
  })
}

function signOut({ api }: ConsoleRequest, body: { of: 'customer' | 'company-user'; id: string }) {
  return api.send('POST', '/v1/sign-outs', { body })
}

function customerOf(request: ConsoleRequest): Promise<Customer> {
  return request.api.get<Customer>(apiPath(request))
}

function apiPath({ params }: ConsoleRequest): string {
  return `/v1/customers/${customerSegment(params.customer ?? '')}`
}

function pageOf({ params }: ConsoleRequest): string {
  return `/console/customers/${encodeURIComponent(params.customer ?? '')}`
}

function idOf({ params }: ConsoleRequest): string {
  return params.id ?? ''
}
