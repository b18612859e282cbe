import type { AccountFormView, AccountPartView } from '../views/account.ts'
import { form } from './account-states.ts'

const LOGIN = 'sam@example.com'
const NOW = Date.UTC(2026, 5, 1, 12) / 1000
const DAY = 24 * 3600
const company = { name: 'Sample company' }
const other = { name: 'Sample and Daughters' }
const member = { id: 'five', who: 'Sam Sample', email: LOGIN, role: 'Buyer', roleId: 'buyer' }

/** A form below a page of the account, in a state. */
export type SampleForm = readonly [page: string, section: AccountPartView, rest?: Partial<AccountFormView>]

/** What the page of companies shows. */
export const companySections: readonly AccountPartView[] = [
  {
    template: 'companies',
    companies: [
      {
        id: 'one',
        ...company,
        detail: 'Berlin, Buyer',
        isDefault: true,
        isNow: true,
        leave: '/account/companies/leave',
      },
      { id: 'two', ...other, detail: '', isDefault: false, isNow: false, leave: '/account/companies/leave' },
    ],
    setDefault: form('companies/default'),
    actAs: form('companies/now'),
  },
  {
    template: 'invitations',
    waiting: [{ id: 'three', company: { name: 'Third company' }, roleName: 'Buyer', expiresAt: NOW + DAY }],
    answer: form('companies/answer'),
    companies: [
      {
        name: company.name,
        sent: [{ id: 'four', email: 'kim@example.com', roleName: 'Buyer', expiresAt: NOW + DAY }],
        invite: '/account/companies/invite',
      },
    ],
    takeBack: form('companies/take-back'),
    sendAgain: form('companies/send-again'),
  },
  {
    template: 'members',
    action: '/account/companies',
    search: '',
    companies: [{ name: company.name, members: [{ ...member, change: '/account', remove: '/account' }] }],
  },
]

/** The forms that lead from it. */
export const companyForms: readonly SampleForm[] = [
  ['companies', { template: 'company-leave', ...form('companies/leave'), id: 'one', company: company.name }],
  ['companies', { template: 'member-remove', ...form('companies/remove'), id: 'one', company: company.name, member }],
  [
    'companies',
    {
      template: 'member-form',
      ...form('companies/member'),
      id: 'one',
      company: company.name,
      member,
      roles: [{ id: 'buyer', name: 'Buyer' }],
      values: {},
    },
  ],
  [
    'companies',
    {
      template: 'invite-form',
      ...form('companies/invite'),
      id: 'one',
      company: company.name,
      roles: [{ id: 'buyer', name: 'Buyer' }],
      values: {},
    },
  ],
  [
    'companies',
    {
      template: 'invitation',
      ...form('companies/invitation'),
      token: 'sample',
      login: LOGIN,
      invitation: { isForThem: true, company, roleName: 'Buyer' },
    },
  ],
]
