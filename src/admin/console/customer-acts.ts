import type { Customer } from '../../customers/customer.ts'
import { confirmPage } from './confirm-page.ts'
import type { ConsolePage, ConsoleRequest } from './page.ts'

/** What operators do to a customer; each asks once. */
export const customerActs: readonly ConsolePage[] = [
  confirmPage({
    path: '/customers/:customer/sign-out',
    ask: async (request) => ({
      title: 'Sign this customer out everywhere',
      subject: (await customerOf(request)).email,
      consequence: 'Every token they have is dead at its next use, on every device. They can sign in again at once.',
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
      consequence: 'Every token they got for this company is dead at its next use. Their other sign-ins go on.',
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
      consequence: 'Every token under it is dead at its next use. The customer’s other sign-ins go on.',
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
      title: 'Lift the locks of this login',
      subject: (await customerOf(request)).email,
      consequence: 'It may be tried again from everywhere, and the failures so far count no more.',
      button: 'Lift them',
      back: pageOf(request),
    }),
    act: async (request) =>
      request.api.send('POST', '/v1/lockouts/lift', { body: { login: (await customerOf(request)).email } }),
    done: 'lockout-lifted',
  }),
  statusAct('block', {
    title: 'Block this customer',
    consequence: 'They are signed out everywhere and do not get in until they are unblocked.',
    button: 'Block them',
    isDangerous: true,
    done: 'customer-blocked',
  }),
  statusAct('unblock', {
    title: 'Unblock this customer',
    consequence: 'They can sign in again. What was signed out stays signed out.',
    button: 'Unblock them',
    done: 'customer-unblocked',
  }),
  statusAct('confirm', {
    title: 'Vouch for this e-mail address',
    consequence: 'The address counts as confirmed, as if the customer had followed the link in the mail.',
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
  return `/v1/customers/${encodeURIComponent(params.customer ?? '')}`
}

function pageOf({ params }: ConsoleRequest): string {
  return `/console/customers/${encodeURIComponent(params.customer ?? '')}`
}

function idOf({ params }: ConsoleRequest): string {
  return params.id ?? ''
}
