import type { ActionRoute, DialectAnswer, DialectRequest } from '../dialect.ts'
import { objectOf } from '../json-body.ts'
import type { DialectServices } from '../services.ts'
import type { Refused } from './account-messages.ts'
import { type Accounts, createAccounts, type Done } from './accounts.ts'
import { answer, refuse } from './answers.ts'
import { readBearer } from './bearer.ts'
import { findCustomer } from './callers.ts'
import { readFields } from './content.ts'
import { type Fields, type Read, readTexts, toText } from './credentials.ts'
import { customerView, readAssistance } from './customer-view.ts'
import { type ErrorMessage, NOT_TEXT, notAuthorized, required } from './messages.ts'
import type { Shop } from './shop.ts'

type Act = ActionRoute['act']
/** One endpoint: its form, and what is done with it. */
type Form<T> = {
  readonly read: (fields: Fields) => Read<T>
  readonly act: (
    input: T,
    accounts: Accounts,
    asked: { readonly request: DialectRequest; readonly services: DialectServices },
  ) => Promise<Done<unknown>>
  /** For customers who show a token: a guest is refused before the form is read. */
  readonly isOwn?: true
}

const TEMPLATES = { template1: 'email_reminder', template2: 'email_reset' } as const

/** What customers do to their own accounts by the web API. `base` is the path of the API's version. */
export function accountRoutes(base: string, shop: Shop, guard: (act: Act) => Act): ActionRoute[] {
  const route = <T extends object>(method: ActionRoute['method'], path: string, form: Form<T>): ActionRoute => ({
    method,
    path: `${base}${path}`,
    act: guard((request, services) => answerForm(request, services, { shop, form })),
  })
  return [
    route('POST', '/customers', {
      read: readRegistration,
      act: async (registration, accounts) => viewed(await accounts.register(registration)),
    }),
    route('POST', '/customers/isEmailAvailable', {
      read: (fields) => readTexts(fields, ['customerEmail']),
      act: ({ customerEmail }, accounts) => accounts.isEmailAvailable(customerEmail),
    }),
    route('PUT', '/customers/me/password', {
      isOwn: true,
      read: (fields) => readTexts(fields, ['currentPassword', 'newPassword']),
      act: async ({ currentPassword: current, newPassword: next }, accounts, { request, services }) =>
        yes(await accounts.changePassword(await findCustomer(request, services), { current, next })),
    }),
    route('PUT', '/customers/me/activate', {
      read: (fields) => readTexts(fields, ['confirmationKey']),
      act: async ({ confirmationKey: key }, accounts, { request, services }) => {
        const shown = await findCustomer(request, services)
        // There is no token before the confirmation: the key alone says whose address it confirms.
        if (!shown && readBearer(request.headers.authorization) === undefined)
          return viewed(await accounts.confirm({ key }))
        if (!shown) return { refused: { status: 401, error: notAuthorized('self') } }
        return viewed(await accounts.activate(shown, key))
      },
    }),
    route('PUT', '/customers/password', {
      read: readForgotten,
      act: ({ email }, accounts) => accounts.requestReset(email),
    }),
    route('POST', '/customers/resetPassword', {
      read: (fields) => readTexts(fields, ['email', 'resetToken', 'newPassword']),
      act: ({ email, resetToken: key, newPassword: password }, accounts) => accounts.reset({ email, key, password }),
    }),
  ]
}

async function answerForm<T extends object>(
  request: DialectRequest,
  services: DialectServices,
  { shop, form }: { readonly shop: Shop; readonly form: Form<T> },
): Promise<DialectAnswer> {
  const { context, headers, body } = request
  if (form.isOwn && !(await findCustomer(request, services))) return refuse(401, notAuthorized('self'), context)
  const content = readFields(body, typeof headers['content-type'] === 'string' ? headers['content-type'] : undefined)
  if ('unreadable' in content) return refuse(400, { message: content.unreadable }, context)
  const input = form.read(content.fields)
  if ('refused' in input) return refuse(400, input.refused as ErrorMessage, context) // no form has a field of this name
  const result = await form.act(input, createAccounts(services, shop), { request, services })
  return 'done' in result ? answer(200, result.done, context) : answerRefused(result.refused, request)
}

/** A refusal of either kind of account endpoint. */
export function answerRefused(
  { status, error, retryAfterSeconds }: Refused,
  { context }: Pick<DialectRequest, 'context'>,
): DialectAnswer {
  const refused = refuse(status, error, context)
  if (retryAfterSeconds === undefined) return refused
  return { ...refused, headers: { ...refused.headers, 'Retry-After': String(Math.ceil(retryAfterSeconds)) } }
}

function viewed(result: Awaited<ReturnType<Accounts['register']>>): Done<unknown> {
  return 'done' in result ? { done: customerView(result.done) } : result
}

function yes(result: Done<unknown>): Done<unknown> {
  return 'done' in result ? { done: true } : result
}

/** `{"customer":{"email":…,"firstname":…,"lastname":…},"password":…}`; what else is in it belongs to the shop. */
function readRegistration(fields: Fields) {
  const customer = Object.hasOwn(fields, 'customer') ? objectOf(fields.customer) : undefined
  if (!customer) return { refused: toText(fields.customer) === '' ? required('customer') : NOT_TEXT }
  const members = readTexts(customer, ['email', 'firstname', 'lastname'])
  if ('refused' in members) return members
  const password = readTexts(fields, ['password'])
  if ('refused' in password) return password
  const { email, firstname: givenName, lastname: familyName } = members
  const extension = Object.hasOwn(customer, 'extension_attributes')
    ? objectOf(customer.extension_attributes)
    : undefined
  const allowsSupport = readAssistance(extension && toText(extension.assistance_allowed))
  return { email, password: password.password, givenName, familyName, allowsSupport }
}

/** The shop has two letters. Both are the same here: a key for a new password. */
function readForgotten(fields: Fields): Read<{ readonly email: string }> {
  const texts = readTexts(fields, ['email', 'template'])
  if ('refused' in texts) return texts
  if (Object.values<string>(TEMPLATES).includes(texts.template)) return { email: texts.email }
  const message =
    'Invalid value of "%value" provided for the %fieldName field. Possible values: %template1 or %template2.'
  return { refused: { message, parameters: { value: texts.template, fieldName: 'template', ...TEMPLATES } } }
}
