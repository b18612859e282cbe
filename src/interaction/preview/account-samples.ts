import { qrCode } from '../../credentials/qr-code.ts'
import { mandateFields } from '../mandates/mandate-form.ts'
import type { AccountFormView, AccountPageView, AccountPartView } from '../views/account.ts'
import { companyList, EMPTY_PAGES, form } from './account-states.ts'
import { companyForms, companySections, type SampleForm } from './company-samples.ts'
import { MANDATE_TERMS, mandateSample } from './mandate-samples.ts'

const LOGIN = 'sam@example.com'
const NOW = Date.UTC(2026, 5, 1, 12) / 1000
const DAY = 24 * 3600

const pages = ['overview', 'profile', 'security', 'sessions', 'apps', 'companies', 'activity', 'data']
const nav = {
  links: pages.map((page) => ({ page, href: page === 'overview' ? '/account' : `/account/${page}` })),
  signOut: '/logout',
  hasScript: false,
}
const company = { name: 'Sample company' }

const sections: Readonly<Record<string, readonly AccountPartView[]>> = {
  overview: [
    { template: 'overview', name: 'Sam', email: LOGIN, signedInAt: NOW },
    { template: 'passkey-names', signals: {} },
  ],
  profile: [
    { template: 'profile', href: '/account/profile/edit', givenName: 'Sam', familyName: 'Sample', language: 'English' },
    { template: 'email', href: '/account/profile/email', email: LOGIN },
  ],
  security: [
    { template: 'password', href: '/account/security/password' },
    {
      template: 'passkeys',
      add: '/account/security/passkey',
      signals: {},
      passkeys: [
        { name: 'My phone', createdAt: NOW - 90 * DAY, lastUsedAt: NOW - DAY, isBackedUp: true, ...passkeyLinks() },
        { createdAt: NOW - DAY, isBackedUp: false, ...passkeyLinks() },
      ],
    },
    {
      template: 'second-factor',
      hasSecondFactor: true,
      recoveryCodesLeft: 8,
      renew: '/account/security/recovery-codes',
      remove: '/account/security/second-factor-remove',
      devices: [{ id: 'sample', browser: 'Firefox', system: 'Windows', usedAt: NOW, expiresAt: NOW + 30 * DAY }],
      forget: form('security/forget'),
    },
    {
      template: 'providers',
      links: [{ name: 'Sample provider', email: LOGIN, lastUsedAt: NOW, href: '/account/security/disconnect' }],
      others: [{ name: 'Another provider', href: '/upstreams/another' }],
    },
  ],
  sessions: [
    {
      template: 'sessions',
      sessions: [
        { browser: 'Firefox', system: 'Windows', isThis: true, signedInAtMs: NOW * 1000, seenAtMs: NOW * 1000 },
        { signedInAtMs: NOW * 1000, seenAtMs: NOW * 1000, network: '192.0.2.0', uid: 'sample' },
      ],
      end: form('sessions/end'),
      endOthers: form('sessions/end-others'),
    },
    {
      template: 'support',
      accesses: [
        { id: 'sample', begunAt: NOW, endsAt: NOW + 3600, isOpen: true, reason: 'Ticket 1234' },
        { id: 'ended', begunAt: NOW - DAY, endsAt: NOW, endedAt: NOW - DAY + 600, isOpen: false },
      ],
      end: form('sessions/support-end'),
      allow: form('sessions/support'),
      isAllowed: true,
    },
  ],
  apps: [
    {
      template: 'approvals',
      approvals: [
        { client: 'Sample bank', bindingMessage: '4711', expiresAt: NOW + 300, href: '/account/apps/approve' },
      ],
    },
    {
      template: 'apps',
      ...form('apps/withdraw'),
      narrow: form('apps/narrow'),
      notMe: form('apps/not-me'),
      record: form('apps/record'),
      apps: [
        {
          name: 'Price scout',
          clientId: 'scout',
          since: NOW - DAY,
          companies: [company.name],
          isFirstParty: false,
          host: 'scout.example',
          isAddedByShop: true,
          by: ['page'],
          allowed: [{ scopes: [{ name: 'openid' }] }, { resource: 'Sample shop', scopes: [{ name: 'orders:read' }] }],
          lastUse: { at: NOW, ip: '192.0.2.0', resource: 'Sample shop' },
          parts: [],
        },
        {
          name: 'Shopping assistant',
          clientId: 'https://assistant.example/client',
          since: NOW - DAY,
          companies: [],
          isFirstParty: false,
          host: 'assistant.example',
          isAddedByShop: false,
          by: ['device', 'provider', 'other'],
          allowed: [
            {
              resource: 'Sample shop',
              scopes: [{ name: 'dev.ucp.shopping.checkout:manage' }, { name: 'dev.ucp.shopping.order:read' }],
            },
            {
              resource: 'Sample loyalty',
              scopes: [{ name: 'com.example.loyalty:points', resource: 'Sample loyalty' }],
            },
          ],
          parts: [],
        },
        {
          name: 'Shop app',
          clientId: 'app',
          since: NOW,
          companies: [],
          by: [],
          isFirstParty: true,
          allowed: [],
          parts: [],
        },
      ],
    },
    { template: 'mandates', mandates: [mandateSample], pause: form('apps/pause'), withdraw: form('apps/end') },
  ],
  companies: companySections,
  activity: [
    {
      template: 'activity',
      days: '90',
      entries: [
        { type: 'login.succeeded', at: NOW, ip: '192.0.2.0' },
        { type: 'login.refused', at: NOW - DAY },
      ],
    },
  ],
  data: [
    { template: 'data', href: '/account/data/download' },
    { template: 'deletion', href: '/account/data/delete' },
  ],
}

const forms: readonly SampleForm[] = [
  [
    'security',
    { template: 'password-form', hasScript: true, ...form('security/password'), login: LOGIN, signsOut: true },
  ],
  ['security', { template: 'passkey-new', ...form('security/passkey'), options: {} }],
  ['security', { template: 'passkey-name', ...form('security/passkey-name'), id: 'sample', name: 'My phone' }],
  ['security', { template: 'passkey-remove', ...form('security/passkey-remove'), id: 'sample', name: 'My phone' }],
  [
    'security',
    {
      template: 'second-factor-form',
      ...form('security/second-factor'),
      login: LOGIN,
      qr: qrCode('otpauth://totp/sample'),
      uri: 'otpauth://totp/sample',
      secret: 'JBSWY3DPEHPK3PXP',
      enrolment: 'sample',
    },
  ],
  ['security', { template: 'connect-form', ...form('security/connect'), token: 'sample', provider: 'Sample provider' }],
  [
    'security',
    {
      template: 'disconnect-form',
      ...form('security/disconnect'),
      id: 'sample',
      provider: 'Sample provider',
      email: LOGIN,
    },
  ],
  [
    'apps',
    {
      template: 'approval-form',
      ...form('apps/approve'),
      id: 'sample',
      client: 'Sample bank',
      bindingMessage: '4711',
      expiresAt: NOW + 300,
      scopes: [{ name: 'email' }],
    },
  ],
  [
    'profile',
    {
      template: 'profile-form',
      ...form('profile/edit'),
      values: { givenName: 'Sam', familyName: 'Sample', language: 'en' },
      choices: [
        { tag: 'en', name: 'English' },
        { tag: 'ar', name: 'العربية' },
      ],
    },
  ],
  [
    'profile',
    { template: 'email-form', ...form('profile/email'), current: LOGIN, email: 'sam@' },
    { problem: 'email', fields: ['email'] },
  ],
  ...companyForms,
  ['security', { template: 'second-factor-remove-form', ...form('security/second-factor/remove') }],
  [
    'security',
    { template: 'recovery-codes-form', ...form('security/recovery-codes') },
    { problem: 'code-wrong', fields: ['code'] },
  ],
  [
    'apps',
    {
      template: 'mandate-form',
      ...form('apps/mandate-lower'),
      id: 'sample',
      terms: MANDATE_TERMS,
      lower: mandateFields(MANDATE_TERMS, 'UTC'),
    },
    { problem: 'mandate-raised', fields: ['budget'] },
  ],
  ['data', { template: 'data-form', ...form('data/download') }],
  ['data', { template: 'deletion-form', ...form('data/delete'), companies: [], delaySeconds: 14 * DAY }],
]

/** Each page of the account, with all that it can show. */
export const ACCOUNT_SAMPLES: readonly { readonly state: string; readonly view: AccountPageView }[] = [
  ...Object.entries(sections).map(([page, shown]) => ({ state: page, view: { ...nav, page, sections: shown } })),
  ...Object.entries(EMPTY_PAGES).map(([page, shown]) => ({
    state: `${page}-empty`,
    view: { ...nav, page, sections: shown },
  })),
  { state: 'companies-twenty', view: { ...nav, page: 'companies', sections: [companyList(20)] } },
  {
    state: 'deletion-pending',
    view: {
      ...nav,
      page: 'data',
      notice: 'deletion',
      sections: [{ template: 'deletion-pending', dueAt: NOW + 14 * DAY, ...form('data/keep') }],
    },
  },
]

/** Each form of the account. */
export const ACCOUNT_FORM_SAMPLES: readonly { readonly state: string; readonly view: AccountFormView }[] = forms.map(
  ([page, section, rest]) => ({
    state: section.template.replace(/-form$/, ''),
    view: { page, back: `/account/${page}`, minLength: 12, ...rest, section },
  }),
)

function passkeyLinks() {
  return { rename: '/account/security/passkey-name', remove: '/account/security/passkey-remove' }
}
