import type { Customer } from '../../customers/customer.ts'
import { confirmPage } from './confirm-page.ts'
import type { ConsolePage, Visit } from './page.ts'

/** What operators do to a customer; each asks once. */
export const customerActs: readonly ConsolePage[] = [
  confirmPage({
    path: '/customers/:customer/sign-out',
    ask: async (visit) => ({
      title: 'Sign this customer out everywhere',
      subject: (await customerOf(visit)).email,
      consequence: 'Every token they have is dead at its next use, on every device. They can sign in again at once.',
      button: 'Sign them out',
      isDangerous: true,
      back: pageOf(visit),
    }),
    act: async (visit) => signOut(visit, { of: 'customer', id: (await customerOf(visit)).id }),
    done: 'customer-signed-out',
  }),
  confirmPage({
    path: '/customers/:customer/company-users/:id/sign-out',
    ask: (visit) => ({
      title: 'Sign this company user out',
      subject: idOf(visit),
      consequence: 'Every token they got for this company is dead at its next use. Their other sign-ins go on.',
      button: 'Sign them out',
      isDangerous: true,
      back: pageOf(visit),
    }),
    act: (visit) => signOut(visit, { of: 'company-user', id: idOf(visit) }),
    done: 'company-user-signed-out',
  }),
  confirmPage({
    path: '/customers/:customer/grants/:id/end',
    ask: (visit) => ({
      title: 'End this sign-in',
      subject: idOf(visit),
      consequence: 'Every token under it is dead at its next use. The customer’s other sign-ins go on.',
      button: 'End it',
      isDangerous: true,
      back: pageOf(visit),
    }),
    act: (visit) => visit.api.send('POST', `/v1/grants/${encodeURIComponent(idOf(visit))}/revoke`),
    done: 'grant-ended',
  }),
  confirmPage({
    path: '/customers/:customer/lift',
    ask: async (visit) => ({
      title: 'Lift the locks of this login',
      subject: (await customerOf(visit)).email,
      consequence: 'It may be tried again from everywhere, and the failures so far count no more.',
      button: 'Lift them',
      back: pageOf(visit),
    }),
    act: async (visit) =>
      visit.api.send('POST', '/v1/lockouts/lift', { body: { login: (await customerOf(visit)).email } }),
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
    ask: async (visit) => ({ ...question, subject: (await customerOf(visit)).email, back: pageOf(visit) }),
    act: (visit) => visit.api.send('POST', `${apiPath(visit)}/${act}`),
    done,
  })
}

function signOut({ api }: Visit, body: { of: 'customer' | 'company-user'; id: string }) {
  return api.send('POST', '/v1/sign-outs', { body })
}

function customerOf(visit: Visit): Promise<Customer> {
  return visit.api.get<Customer>(apiPath(visit))
}

function apiPath({ params }: Visit): string {
  return `/v1/customers/${encodeURIComponent(params.customer ?? '')}`
}

function pageOf({ params }: Visit): string {
  return `/console/customers/${encodeURIComponent(params.customer ?? '')}`
}

function idOf({ params }: Visit): string {
  return params.id ?? ''
}
