import { qrCode } from '../../credentials/qr-code.ts'
import { mandateFields } from '../mandates/mandate-form.ts'
import type { PageName, PageViews } from '../page-views.ts'
import type { ScopeView } from '../scope-views.ts'
import type { LoginProblem, LoginView } from '../views/sign-in.ts'
import { ACCOUNT_FORM_SAMPLES, ACCOUNT_SAMPLES } from './account-samples.ts'
import { MANDATE_TERMS } from './mandate-samples.ts'

/** A page in one of its states, with made-up data. */
export type Sample = {
  [Name in PageName]: { readonly page: Name; readonly state: string; readonly view: PageViews[Name] }
}[PageName]

const LOGIN = 'sam@example.com'
const REQUEST_ID = '5f0c1c5e-8b1f-4c56-9a61-2f3f5f0a7f11'
const client = {
  clientName: 'Price scout',
  policy: 'https://scout.example/privacy',
  terms: 'https://scout.example/terms',
}
const form = { path: '/interaction/sample', csrf: 'sample' }
const libraryForm = { action: '/device', fields: { xsrf: 'sample' } }
const mailPages = { recovery: '/recovery', registration: '/registration', offersMail: true }
const scopes = [{ name: 'openid' }, { name: 'profile' }, { name: 'orders:read' }]
const AGENT_SCOPES = ['checkout:manage', 'order:read', 'cart:manage', 'catalog.search:read', 'catalog.lookup:read']
  .map((name): ScopeView => ({ name: `dev.ucp.shopping.${name}` }))
  .concat([{ name: 'com.example.loyalty:points', resource: 'Sample loyalty' }])
const origin = { host: 'scout.example', isAddedByShop: true, leadsTo: 'app.scout.example' }
const factor = { login: LOGIN, remembersDevices: true }
const home = { clientName: 'Price scout', home: 'https://scout.example/' }

const LONG_NAME = 'Sample and Daughters, Suppliers of Everything for Kitchens, Gardens and Workshops since 1898'
const COMPANIES = Array.from({ length: 20 }, (_, index) => ({
  id: `sample-${index}`,
  name: index === 0 ? LONG_NAME : `Sample company ${index}`,
  detail: index === 0 ? '' : 'Berlin, Buyer',
}))
const problemOfLogin: Readonly<Record<LoginProblem, Partial<LoginView>>> = {
  missing: { missing: ['login', 'password'] },
  wrong: { login: LOGIN },
  unconfirmed: { login: LOGIN },
  'more-than-code': { login: LOGIN },
  locked: { login: LOGIN, waitSeconds: 360 },
  busy: { login: LOGIN, waitSeconds: 5 },
  away: { login: LOGIN },
  passkey: {},
  'provider-away': { provider: 'Sample provider' },
  'provider-refused': { provider: 'Sample provider' },
  'provider-unknown': { provider: 'Sample provider' },
  'provider-account': { login: LOGIN, provider: 'Sample provider' },
}

function sample<Name extends PageName>(page: Name, state: string, view: PageViews[Name]): Sample {
  return { page, state, view } as Sample // the compiler does not see that name and view belong together
}

/** Every page in the states that differ to the eye. A test wants each page to be here. */
export const SAMPLES: readonly Sample[] = [
  sample('start', '', { recovery: '/recovery' }),
  sample('login', '', { ...client, ...form, ...mailPages }),
  ...Object.entries(problemOfLogin).map(([state, view]) =>
    // The keys of the record are the problems.
    sample('login', state, { ...client, ...form, ...mailPages, ...view, problem: state as LoginProblem }),
  ),
  sample('login', 'identifier', { ...client, ...form, ...mailPages, stage: 'identifier' }),
  sample('login', 'password', { ...client, ...form, ...mailPages, login: LOGIN, stage: 'password', other: '/login' }),
  sample('login', 'remembered', {
    ...client,
    ...form,
    ...mailPages,
    login: 's…@example.com',
    isRemembered: true,
    stage: 'password',
    other: '/interaction/sample/another-account',
  }),
  sample('login', 'notice', { ...client, ...form, ...mailPages, notice: 'password-changed' }),
  sample('choose-account', '', {
    ...client,
    ...form,
    login: LOGIN,
    other: '/interaction/sample?page=login&as=another',
  }),
  sample('consent', '', { ...client, ...form, ...origin, login: LOGIN, scopes, claims: ['email', 'name'] }),
  sample('consent', 'agent', {
    ...form,
    clientName: 'Shopping assistant',
    host: 'assistant.example',
    isAddedByShop: false,
    leadsTo: '127.0.0.1:52000',
    leadsToDevice: true,
    mayBePretended: true,
    login: LOGIN,
    scopes: AGENT_SCOPES,
    claims: [],
  }),
  sample('choose-company', '', {
    ...client,
    ...form,
    login: LOGIN,
    companies: [{ id: 'sample', name: 'Sample company', detail: 'Berlin, Buyer', number: 4711 }],
    search: '',
    hasMore: true,
    own: 'DE--21',
    mayRemember: true,
  }),
  sample('choose-company', 'twenty', {
    ...client,
    ...form,
    login: LOGIN,
    companies: COMPANIES,
    hasMore: false,
    own: 'DE--21',
    mayRemember: true,
  }),
  sample('consent', 'long-names', {
    ...client,
    ...form,
    clientName: LONG_NAME,
    login: LOGIN,
    company: LONG_NAME,
    scopes,
    claims: [],
  }),
  sample('consent', 'nothing', { clientName: 'Price scout', ...form, scopes: [], claims: [] }),
  sample('consent', 'mandate', {
    ...client,
    ...form,
    login: LOGIN,
    scopes,
    claims: [],
    mandate: { terms: MANDATE_TERMS, lower: mandateFields(MANDATE_TERMS, 'UTC') },
  }),
  sample('consent', 'approval', {
    ...client,
    ...form,
    login: LOGIN,
    scopes: [],
    claims: [],
    mandate: { terms: MANDATE_TERMS, approval: { order: '4711', amount: 4_000, currency: 'EUR' } },
  }),
  sample('sign-in-code', '', { ...client, ...form, login: LOGIN }),
  sample('sign-in-code', 'wrong', { ...client, ...form, login: LOGIN, problem: 'wrong' }),
  sample('second-factor', 'app', { ...client, ...form, ...factor, way: 'app', others: ['recovery', 'mail'] }),
  sample('second-factor', 'mail', { ...client, ...form, ...factor, way: 'mail', others: [], problem: 'wrong' }),
  sample('second-factor-set-up', '', {
    ...form,
    login: LOGIN,
    qr: qrCode('otpauth://totp/sample'),
    uri: 'otpauth://totp/sample',
    secret: 'JBSWY3DPEHPK3PXP',
    enrolment: 'sample',
  }),
  sample('recovery-codes', '', { ...form, codes: ['ab12-cd34-ef56', 'gh78-jk90-mn12'] }),
  sample('passkey-offer', '', { ...form, options: {}, isRefused: false }),
  sample('connect', '', {
    ...client,
    ...form,
    provider: 'Sample provider',
    account: 'sam@provider.example',
    login: LOGIN,
  }),
  sample('recovery', '', { ...form, path: '/recovery', back: '/interaction/sample' }),
  sample('recovery', 'too-many', { ...form, path: '/recovery', login: LOGIN, problem: 'too-many', waitSeconds: 600 }),
  sample('new-password', '', { ...form, login: LOGIN, token: 'sample', minLength: 12 }),
  sample('new-password', 'forced', { ...form, login: LOGIN, minLength: 12, isForced: true, later: '/later' }),
  sample('new-password', 'breached', { ...form, login: LOGIN, token: 'sample', minLength: 12, problem: 'breached' }),
  sample('new-password', 'passkeys', {
    ...form,
    login: LOGIN,
    token: 'sample',
    minLength: 12,
    passkeys: [
      { id: 'phone', name: 'My phone', createdAt: Date.UTC(2026, 5, 1) / 1000, isKept: true },
      { id: 'other', createdAt: Date.UTC(2026, 5, 2) / 1000, isKept: false },
    ],
  }),
  sample('registration', '', { ...form, path: '/registration', minLength: 12, back: '/interaction/sample' }),
  sample('registration', 'missing', {
    ...form,
    path: '/registration',
    minLength: 12,
    problem: 'missing',
    missing: ['login', 'givenName'],
  }),
  ...(['recovery', 'registration', 'unblock', 'confirmation'] as const).map((kind) =>
    sample('sent', kind, { kind, again: kind === 'recovery' ? '/recovery' : undefined }),
  ),
  ...(['unblock', 'confirmation', 'email-undo'] as const).map((kind) =>
    sample('link', kind, { ...form, path: `/${kind}`, kind, token: 'sample', login: LOGIN }),
  ),
  sample('link', 'password', {
    ...form,
    path: '/confirmation',
    kind: 'confirmation',
    token: 'sample',
    login: LOGIN,
    needsPassword: true,
    problem: 'wrong',
  }),
  ...(['recovery', 'unblock', 'confirmation', 'email-undo'] as const).map((kind) =>
    sample('link-dead', kind, { kind, ...(kind === 'recovery' && { again: '/recovery' }) }),
  ),
  ...(['password-changed', 'unblocked', 'confirmed', 'email-restored'] as const).map((notice) =>
    sample('done', notice, { notice, recovery: '/recovery' }),
  ),
  sample('device', '', { form: libraryForm }),
  sample('device', 'wrong', { form: libraryForm, userCode: 'ABCD', problem: 'wrong' }),
  sample('device-confirm', '', { form: libraryForm, clientName: 'Shop on TV', userCode: 'WDJB-MJHT', scopes }),
  sample('device-done', '', { clientName: 'Shop on TV' }),
  sample('logout', '', { form: { ...libraryForm, action: '/logout/confirm' } }),
  sample('signed-out', '', home),
  sample('staying', '', {}),
  ...[
    'not_found',
    'interaction_lost',
    'no_cookies',
    'invalid_request',
    'invalid_client',
    'invalid_redirect_uri',
    'temporarily_unavailable',
    'provider_failed',
    'form_malformed',
    'form_not_genuine',
    'server_error',
    'access_denied',
  ].map((code) => sample('error', code, { code, requestId: REQUEST_ID })),
  ...ACCOUNT_SAMPLES.map(({ state, view }) => sample('account', state, view)),
  ...ACCOUNT_FORM_SAMPLES.map(({ state, view }) => sample('account-form', state, view)),
]
