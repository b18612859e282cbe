import { qrCode } from '../../credentials/qr-code.ts'
import type { CustomerFactors } from '../../customers/second-factor/customer-factors.ts'
import { factorOfCode } from '../../customers/second-factor/direct-check.ts'
import { requestState } from '../../http/request-state.ts'
import { SECOND_FACTOR_AMR } from '../../oauth/accounts/acr.ts'
import type { OwnSessions } from '../../oauth/browser/own-sessions.ts'
import type { EndSignIn } from '../../oauth/sign-outs/end-sign-in.ts'
import type { AnswerPage } from '../answer-page.ts'
import type { Form } from '../standalone-forms.ts'
import type { AccountAct, AccountSection, ActResult } from './section.ts'
import type { Visit } from './visit.ts'

const SET_UP = 'security/second-factor'
const REMOVE = 'security/second-factor/remove'
const RENEW = 'security/recovery-codes'
const FORGET = 'security/remembered-devices/forget'

export type SecondFactorSectionDeps = {
  readonly factors: CustomerFactors
  readonly sessions: Pick<OwnSessions, 'renew'>
  readonly endSignIn: EndSignIn
  readonly answerPage: AnswerPage
}

/** The authenticator app of a customer, its recovery codes, and the browsers that ask for no code. */
export function createSecondFactorSection(deps: SecondFactorSectionDeps): AccountSection {
  const { factors } = deps
  return {
    page: 'security',
    async show({ customer, addressOf, form }) {
      const [standing, devices] = await Promise.all([factors.standing(customer.id), factors.devices.list(customer.id)])
      return {
        template: 'second-factor',
        ...standing,
        devices: devices.map(({ usedAt, expiresAt, ...device }) => ({
          ...device,
          usedAt: usedAt.getTime() / 1000,
          expiresAt: expiresAt.getTime() / 1000,
        })),
        setUp: addressOf(SET_UP),
        remove: addressOf(REMOVE),
        renew: addressOf(RENEW),
        forget: form(FORGET),
      }
    },
    acts: [setUpAct(deps), removeAct(deps), renewAct(deps), forgetAct(factors)],
  }
}

/** Everything that was signed in with a password alone ends, but for this browser, which has shown the code. */
function setUpAct({ factors, sessions, endSignIn, answerPage }: SecondFactorSectionDeps): AccountAct {
  return {
    path: SET_UP,
    isSensitive: true,
    // Unreadable, and of use to this customer alone: the app was set up with it.
    keeps: ['enrolment'],
    async open({ customer, form }, { values }) {
      if (await factors.has(customer.id)) return undefined
      const again = values.enrolment ? factors.enrolmentAgain(customer, values.enrolment) : undefined
      const { secret, uri, sealed } = again ?? factors.beginEnrolment(customer)
      const key = { secret, uri, enrolment: sealed, qr: qrCode(uri) }
      return { template: 'second-factor-form', ...form(SET_UP), ...key, login: customer.email }
    },
    async submit(visit, { enrolment = '', code = '' }) {
      const { ctx, customer, languages } = visit
      const codes = await factors.enrol(customer, { sealed: enrolment, code: code.trim() }, languages)
      if (!codes) return { outcome: 'refused', problem: 'code-wrong', fields: ['code'] }
      requestState(ctx).keptSessionUid = visit.session.uid
      await endSignIn({ what: { of: 'customer', id: customer.id }, why: 'second-factor-added' })
      await sessions.renew(ctx, SECOND_FACTOR_AMR)
      return showCodes(answerPage, visit, codes, 'second-factor-added')
    },
  }
}

function removeAct({ factors }: SecondFactorSectionDeps): AccountAct {
  return {
    path: REMOVE,
    isSensitive: true,
    open: codeForm(factors, REMOVE, 'second-factor-remove-form'),
    async submit(visit, form) {
      const refused = await refuseCode(factors, visit, form)
      if (refused) return refused
      const isRemoved = await factors.remove(visit.customer, visit.languages)
      return isRemoved ? { outcome: 'done', notice: 'second-factor-removed' } : { outcome: 'unknown' }
    },
  }
}

function renewAct({ factors, answerPage }: SecondFactorSectionDeps): AccountAct {
  return {
    path: RENEW,
    isSensitive: true,
    open: codeForm(factors, RENEW, 'recovery-codes-form'),
    async submit(visit, form) {
      const refused = await refuseCode(factors, visit, form)
      if (refused) return refused
      const codes = await factors.renewRecoveryCodes(visit.customer)
      return codes ? showCodes(answerPage, visit, codes, 'recovery-codes-renewed') : { outcome: 'unknown' }
    },
  }
}

function forgetAct(factors: Pick<CustomerFactors, 'forgetDevices'>): AccountAct {
  return {
    path: FORGET,
    async submit({ customer }, { id }) {
      const isForgotten = await factors.forgetDevices(customer.id, id || undefined)
      return isForgotten ? { outcome: 'done', notice: 'device-forgotten' } : { outcome: 'unknown' }
    },
  }
}

/** What changes a factor asks for a code of it: a browser that is remembered has shown none. */
function codeForm(
  factors: Pick<CustomerFactors, 'has'>,
  path: string,
  template: string,
): NonNullable<AccountAct['open']> {
  return async ({ customer, form }) => ((await factors.has(customer.id)) ? { template, ...form(path) } : undefined)
}

async function refuseCode(
  factors: Pick<CustomerFactors, 'has' | 'redeem'>,
  { ctx, customer, languages }: Visit,
  form: Form,
): Promise<ActResult | undefined> {
  if (!(await factors.has(customer.id))) return { outcome: 'unknown' }
  const code = (form.code ?? '').trim()
  if (code === '') return { outcome: 'refused', problem: 'code-missing', fields: ['code'] }
  const attempt = { customer, factor: factorOfCode(code), code, ip: ctx.ip, languages }
  const redeemed = await factors.redeem(attempt)
  if (redeemed.outcome === 'right') return undefined
  if (redeemed.outcome === 'wrong') return { outcome: 'refused', problem: 'code-wrong', fields: ['code'] }
  return { outcome: 'refused', problem: 'code-locked', status: 429, waitSeconds: redeemed.retryAfterSeconds }
}

/** The codes are on the answer itself, and on no page that could be opened again. */
function showCodes(
  answerPage: AnswerPage,
  { ctx, languages, addressOf }: Visit,
  codes: readonly string[],
  notice: string,
): ActResult {
  answerPage(ctx, 'recovery-codes', { codes, next: addressOf(`security?done=${notice}`) }, { uiLocales: languages })
  return { outcome: 'answered' }
}
