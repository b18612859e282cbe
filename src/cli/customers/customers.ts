import type { Customer } from '../../customers/customer.ts'
import type { PasswordState } from '../../customers/import/password-state.ts'
import { plain } from '../../plain-text.ts'
import type { ActionRequest } from '../command/action.ts'
import { customerIdOf, findCustomer } from '../command/find-customer.ts'
import { printJson, printTable } from '../command/print.ts'
import { subcommands } from '../command/subcommands.ts'
import { CUSTOMER_FACTOR_ACTIONS } from './customer-factors.ts'
import { CUSTOMER_MOVES } from './customer-moves.ts'
import { CUSTOMER_PASSKEYS } from './customer-passkeys.ts'

/** Customers: one by one, and moving them in and out. */
export const customers = subcommands({
  name: 'customers',
  summary: 'find, block, import, export and erase customers',
  note: 'A CUSTOMER is named by id, reference or e-mail address.',
  actions: {
    find: {
      takes: 'TEXT',
      does: 'search customers by part of the e-mail address, reference or name',
      example: 'find swanson',
      run: find,
    },
    show: {
      takes: 'CUSTOMER',
      does: 'show one customer',
      example: 'show DE--21',
      async run({ admin, subjects: [customer = ''] }) {
        printJson(await findCustomer(admin, customer))
      },
    },
    status: {
      takes: 'CUSTOMER',
      does: 'show how the password of a customer is kept, by reference or id',
      example: 'status DE--21',
      async run({ admin, subjects: [customer = ''], isJson }) {
        const password = await admin.call<PasswordState>('GET', `${pathOf(customer)}/password`)
        if (isJson) printJson(password)
        else printTable(['SCHEME', 'STATE'], [[password.scheme ?? 'none', password.state]])
      },
    },
    create: {
      does: 'create a customer; the password is read from standard input',
      options: {
        email: 'the address they sign in with',
        reference: 'the name of the customer in the shop',
        'given-name': 'their given name',
        'family-name': 'their family name',
      },
      flags: {
        'password-stdin': 'read the password from standard input',
        confirmed: 'the e-mail address is known to be theirs; otherwise they confirm it before the first sign-in',
      },
      needs: ['email', 'reference', 'password-stdin'],
      readsInput: true,
      example: 'create --email jo@example.com --reference DE--25 --password-stdin < password.txt',
      run: create,
    },
    block: {
      takes: 'CUSTOMER',
      does: 'block a customer: they are signed out and cannot sign in',
      example: 'block DE--21',
      run: (request) => change(request, 'block'),
    },
    unblock: {
      takes: 'CUSTOMER',
      does: 'let a blocked customer sign in again',
      example: 'unblock DE--21',
      run: (request) => change(request, 'unblock'),
    },
    confirm: {
      takes: 'CUSTOMER',
      does: 'mark the e-mail address as confirmed',
      example: 'confirm DE--21',
      run: (request) => change(request, 'confirm'),
    },
    'allow-support': {
      takes: 'CUSTOMER',
      does: 'note that a customer allows support access',
      example: 'allow-support DE--21',
      run: (request) => setSupport(request, true),
    },
    'refuse-support': {
      takes: 'CUSTOMER',
      does: 'note that a customer does not allow support access',
      example: 'refuse-support DE--21',
      run: (request) => setSupport(request, false),
    },
    ...CUSTOMER_FACTOR_ACTIONS,
    ...CUSTOMER_PASSKEYS,
    ...CUSTOMER_MOVES,
    export: {
      takes: 'CUSTOMER',
      does: 'export all data about one customer',
      example: 'export DE--21',
      async run({ admin, subjects: [customer = ''] }) {
        const { customerReference } = await findCustomer(admin, customer)
        printJson(await admin.call('GET', `${pathOf(customerReference)}/personal-data`))
      },
    },
    erase: {
      takes: 'CUSTOMER',
      does: 'anonymise a customer and sign them out; the id stays',
      example: 'erase DE--21',
      async run({ admin, subjects: [customer = ''], isJson }) {
        const { customerReference } = await findCustomer(admin, customer)
        const erased = await admin.call('POST', `${pathOf(customerReference)}/erase`, {})
        if (isJson) printJson(erased)
        else console.log(`${plain(customerReference)} is erased and signed out everywhere`)
      },
    },
    'sign-in-link': {
      takes: 'CUSTOMER',
      does: 'create a link that signs in a customer, once, within two minutes',
      options: { 'company-user': 'the id of the company user as whom they go on; one of theirs' },
      example: 'sign-in-link DE--21',
      async run({ admin, subjects: [customer = ''], values, isJson }) {
        const { customerReference } = await findCustomer(admin, customer)
        const companyUserId = values['company-user']
        const body = { customerReference, ...(companyUserId !== undefined && { companyUserId }) }
        const link = await admin.call<{ url: string }>('POST', '/v1/sign-in-links', body)
        if (isJson) printJson(link)
        else console.log(link.url)
      },
    },
    'registration-key': {
      takes: 'CUSTOMER',
      does: 'create a key that confirms the e-mail address, once, within 30 days',
      example: 'registration-key DE--24',
      async run({ admin, subjects: [customer = ''], isJson }) {
        const { customerReference } = await findCustomer(admin, customer)
        const body = { customerReference }
        const made = await admin.call<{ registrationKey: string }>('POST', '/v1/registration-keys', body)
        if (isJson) printJson(made)
        else console.log(made.registrationKey)
      },
    },
    'sign-out': {
      takes: 'CUSTOMER',
      does: 'end every session and token of a customer',
      example: 'sign-out DE--21',
      async run({ admin, subjects: [customer = ''], isJson }) {
        const id = await customerIdOf(admin, customer)
        const outcome = await admin.call('POST', '/v1/sign-outs', { of: 'customer', id })
        if (isJson) printJson(outcome)
        else console.log(`${customer} is signed out everywhere`)
      },
    },
  },
})

/** A hundred at most: more than that is no search. */
async function find({ admin, subjects: [text = ''], isJson }: ActionRequest): Promise<void> {
  const path = `/v1/customers?search=${encodeURIComponent(text)}`
  const { items, next } = await admin.call<{ items: Customer[]; next?: string }>('GET', path)
  if (isJson) return printJson({ customers: items })
  const rows = items.map(({ id, customerReference, email, status }) => [id, customerReference, email, status])
  printTable(['ID', 'REFERENCE', 'E-MAIL', 'STATE'], rows)
  if (next !== undefined) console.log('\nThere are more customers. Search for a longer text.')
}

async function create({ admin, values, flags, input: password, isJson }: ActionRequest): Promise<void> {
  const { email, reference: customerReference, 'given-name': givenName, 'family-name': familyName } = values
  const created = await admin.call<Customer>('POST', '/v1/customers', {
    email,
    customerReference,
    password,
    emailVerified: flags.has('confirmed'),
    ...(givenName && { givenName }),
    ...(familyName && { familyName }),
  })
  if (isJson) printJson(created)
  else console.log(`${plain(created.customerReference)} is a customer now, with the id ${created.id}`)
}

async function setSupport({ admin, subjects: [named = ''], isJson }: ActionRequest, allowsSupport: boolean) {
  const { id } = await findCustomer(admin, named)
  const customer = await admin.change<Customer>('PATCH', pathOf(id), { allowsSupport })
  if (isJson) printJson(customer)
  else console.log(`${plain(customer.customerReference)} ${allowsSupport ? 'allows' : 'does not allow'} support access`)
}

async function change({ admin, subjects: [customer = ''], isJson }: ActionRequest, action: string): Promise<void> {
  const { id } = await findCustomer(admin, customer)
  const changed = await admin.call<Customer>('POST', `${pathOf(id)}/${action}`, {})
  if (isJson) printJson(changed)
  else
    console.log(`${plain(changed.customerReference)} is ${changed.status}${changed.emailVerified ? ', confirmed' : ''}`)
}

function pathOf(customer: string): string {
  return `/v1/customers/${encodeURIComponent(customer)}`
}
