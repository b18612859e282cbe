import { document, errors, OTHER_COMPANY_USER, type Pair, SONIA, SONIA_COMPANY_USER } from './exchange.ts'

const JSON_API = 'application/vnd.api+json'
const REALM = 'Bearer realm="Access to shop API"'
const GUEST = { 'x-anonymous-customer-unique-id': 'guest-1' }
const CUSTOMER = { authorization: 'Bearer {{customer}}' }

function refused(
  name: string,
  request: Pair['request'],
  status: number,
  code: string | undefined,
  ...details: string[]
): Pair {
  return {
    name,
    request,
    status,
    contentType: JSON_API,
    json: errors(status, code, ...details),
    ...(status === 422 && { reason: 'Unprocessable Content' }),
    headers: { 'www-authenticate': status === 401 ? REALM : null, 'content-language': 'en_US' },
  }
}

const TYPES = [
  'access-tokens',
  'refresh-tokens',
  'company-user-access-tokens',
  'agent-access-tokens',
  'agent-customer-impersonation-access-tokens',
  'customer-confirmation',
  'customers',
  'customer-forgotten-password',
]
/** Resources that are changed, and none is made. */
const CHANGED_TYPES = ['customer-password', 'customer-restore-password']

/** Bodies that are no request document, at every JSON:API endpoint. */
export const malformed: readonly Pair[] = [...TYPES, ...CHANGED_TYPES].flatMap((type) => {
  const isChanged = CHANGED_TYPES.includes(type)
  const path = isChanged ? `/${type}/DE--21` : `/${type}`
  const method = isChanged ? 'PATCH' : 'POST'
  const invalid = (name: string, body: unknown) =>
    refused(`${path}: ${name}`, { method, path, body }, 400, undefined, 'Post data is invalid.')
  return [
    invalid('malformed JSON', '{"data":'),
    invalid('an empty body', ''),
    invalid('an empty object', {}),
    invalid('an array', []),
    invalid('null', 'null'),
    invalid('a number', '5'),
    invalid('data is an array', { data: [] }),
    invalid('no type', { data: { attributes: {} } }),
    invalid('no attributes', { data: { type } }),
    invalid('attributes are text', { data: { type, attributes: 'x' } }),
    invalid('a prototype for data', '{"__proto__":{"data":{}}}'),
    invalid('a type from a prototype', `{"data":{"__proto__":{"type":"${type}"},"attributes":{}}}`),
    ...['other', ''].map((wrong) =>
      refused(`${path}: type "${wrong}"`, { method, path, body: document(wrong, {}) }, 400, undefined, 'Invalid type.'),
    ),
    refused(
      `${path}: another method`,
      { method: isChanged ? 'POST' : 'PATCH', path, body: {} },
      404,
      undefined,
      'Not Found',
    ),
    refused(`${path}: one id more`, { method, path: `${path}/1`, body: {} }, 404, undefined, 'Not Found'),
    refused(
      `${path}: a body of 1 MB`,
      { method, path, body: 'a'.repeat(1_000_000) },
      413,
      undefined,
      'Post data is too large.',
    ),
  ]
})

const accessTokens = (attributes: unknown, headers = {}) => ({
  path: '/access-tokens',
  headers,
  body: document('access-tokens', attributes),
})
const refreshTokens = (attributes: unknown) => ({
  path: '/refresh-tokens',
  body: document('refresh-tokens', attributes),
})
const BLANK = 'This value should not be blank.'
const MISSING = 'This field is missing.'

export const signIn: readonly Pair[] = [
  refused(
    'a wrong password',
    accessTokens({ ...SONIA, password: 'wrong' }),
    401,
    '003',
    'Failed to authenticate user.',
  ),
  refused(
    'an unknown e-mail',
    accessTokens({ username: 'nobody@spryker.com', password: 'x' }),
    401,
    '003',
    'Failed to authenticate user.',
  ),
  refused(
    'an unconfirmed e-mail and a wrong password',
    accessTokens({ username: 'unconfirmed@example.com', password: 'wrong' }),
    401,
    '003',
    'Failed to authenticate user.',
  ),
  refused(
    'an unconfirmed e-mail and its password',
    accessTokens({ username: 'unconfirmed@example.com', password: 'change123' }),
    403,
    '003',
    'Failed to authenticate user.',
  ),
  refused(
    'blank fields',
    accessTokens({ username: '', password: '' }),
    422,
    '901',
    `username => ${BLANK}`,
    `password => ${BLANK}`,
  ),
  refused('no fields', accessTokens({}), 422, '901', `username => ${MISSING}`, `password => ${MISSING}`),
  refused('null', accessTokens({ ...SONIA, password: null }), 422, '901', `password => ${BLANK}`),
  refused(
    'no e-mail',
    accessTokens({ ...SONIA, username: 'sonia' }),
    422,
    '901',
    'username => This value is not a valid email address.',
  ),
  refused(
    'a list for a name',
    accessTokens({ ...SONIA, username: ['sonia@spryker.com'] }),
    422,
    '901',
    'username => This value should be of type string.',
  ),
  refused(
    'a NUL in the name',
    accessTokens({ ...SONIA, username: 'a\0@spryker.com' }),
    401,
    '003',
    'Failed to authenticate user.',
  ),
  refused(
    'signed in and a guest at once',
    accessTokens(SONIA, { ...GUEST, ...CUSTOMER }),
    400,
    '005',
    "Headers request error. A user can't act as logged and not logged user at the same time.",
  ),
  refused('garbage to refresh', refreshTokens({ refreshToken: 'garbage' }), 401, '004', 'Failed to refresh token.'),
  refused('a blank refresh token', refreshTokens({ refreshToken: '' }), 422, '901', `refreshToken => ${BLANK}`),
  refused('no refresh token', refreshTokens({}), 422, '901', `refreshToken => ${MISSING}`),
]

const companyUser = (idCompanyUser: unknown, headers: Record<string, string> = CUSTOMER) => ({
  path: '/company-user-access-tokens',
  headers,
  body: document('company-user-access-tokens', { idCompanyUser }),
})

export const companyUsers: readonly Pair[] = [
  refused(
    'a bad agent header wins over 901',
    companyUser('', { ...CUSTOMER, 'x-agent-authorization': 'Bearer fake' }),
    401,
    '4102',
    'Agent access token is invalid.',
  ),
  refused('no token', companyUser(SONIA_COMPANY_USER, {}), 403, '002', 'Missing access token.'),
  refused('no token wins over 901', companyUser('', {}), 403, '002', 'Missing access token.'),
  ...['fake', 'Bearer fake', 'Bearer {{customer}}x', 'Bearer', 'Basic eDp5', 'Bearer a b'].map((authorization) =>
    refused(`Authorization: ${authorization}`, companyUser('', { authorization }), 401, '001', 'Invalid access token.'),
  ),
  refused('no uuid', companyUser('x'), 422, '901', 'idCompanyUser => This is not a valid UUID.'),
  refused('blank', companyUser(''), 422, '901', `idCompanyUser => ${BLANK}`),
  refused('somebody else’s', companyUser(OTHER_COMPANY_USER), 401, '003', 'Failed to authenticate user.'),
  refused(
    'an agent',
    companyUser(SONIA_COMPANY_USER, { authorization: 'Bearer {{agent}}' }),
    401,
    '003',
    'Failed to authenticate user.',
  ),
  refused(
    'signed in and a guest at once',
    companyUser('x', { ...CUSTOMER, ...GUEST }),
    400,
    '005',
    "Headers request error. A user can't act as logged and not logged user at the same time.",
  ),
]

const AT_ONCE = "Headers request error. A user can't act as logged and not logged user at the same time."
const agentLogin = (attributes: unknown, headers: Record<string, string> = {}) => ({
  path: '/agent-access-tokens',
  headers,
  body: document('agent-access-tokens', attributes),
})
const impersonate = (headers: Record<string, string>, attributes: unknown = { customerReference: 'DE--21' }) => ({
  path: '/agent-customer-impersonation-access-tokens',
  headers,
  body: document('agent-customer-impersonation-access-tokens', attributes),
})
const ONLY_AGENTS = 'Action is available to agent user only.'

export const agents: readonly Pair[] = [
  refused('an agent login of a guest', agentLogin({}, { ...CUSTOMER, ...GUEST }), 400, '005', AT_ONCE),
  refused(
    'an agent and a guest at once impersonates',
    impersonate({ authorization: 'Bearer {{agent}}', ...GUEST }),
    400,
    '005',
    AT_ONCE,
  ),
  refused('a customer and a guest at once impersonates', impersonate({ ...CUSTOMER, ...GUEST }), 400, '005', AT_ONCE),
  refused(
    'a bad agent header beside a guest’s',
    impersonate({ ...CUSTOMER, ...GUEST, 'x-agent-authorization': 'Bearer fake' }),
    401,
    '4102',
    'Agent access token is invalid.',
  ),
  ...[
    {},
    { username: '' },
    { username: 'agent', password: 'x' },
    { username: 'agent@example.com', password: 'x' },
    SONIA,
    { username: ['a'], password: {} },
  ].map((attributes) =>
    refused(
      `an agent login of ${JSON.stringify(attributes)}`,
      agentLogin(attributes),
      401,
      '4101',
      'Failed to authenticate an agent.',
    ),
  ),
  refused('nobody impersonates', impersonate({}), 401, '4103', ONLY_AGENTS),
  refused('a customer impersonates', impersonate(CUSTOMER), 401, '4103', ONLY_AGENTS),
  refused(
    'a bad bearer impersonates',
    impersonate({ authorization: 'Bearer fake' }),
    401,
    '001',
    'Invalid access token.',
  ),
  refused(
    'a bad agent header',
    impersonate({ 'x-agent-authorization': 'Bearer fake' }),
    401,
    '4102',
    'Agent access token is invalid.',
  ),
  refused(
    'a customer in the agent header',
    impersonate({ 'x-agent-authorization': 'Bearer {{customer}}' }),
    401,
    '4102',
    'Agent access token is invalid.',
  ),
  refused(
    'a bad bearer beside a good agent header',
    impersonate({ authorization: 'Bearer fake', 'x-agent-authorization': 'Bearer {{agent}}' }),
    401,
    '001',
    'Invalid access token.',
  ),
  refused(
    'an impersonated customer impersonates',
    impersonate({ authorization: 'Bearer {{impersonated}}' }),
    401,
    '4103',
    ONLY_AGENTS,
  ),
  ...['DE--404', '', ' ', 'a\0b', undefined, ['DE--21']].map((customerReference) =>
    refused(
      `impersonating ${JSON.stringify(customerReference)}`,
      impersonate({ authorization: 'Bearer {{agent}}' }, { customerReference }),
      401,
      '4104',
      'Failed to impersonate a customer.',
    ),
  ),
]

const remove = (path: string, headers: Record<string, string> = {}) => ({ method: 'DELETE' as const, path, headers })

export const signOut: readonly Pair[] = [
  refused('DELETE without an id', remove('/refresh-tokens/'), 400, undefined, 'Resource id is not specified.'),
  refused(
    'DELETE without an id, signed in',
    remove('/refresh-tokens', CUSTOMER),
    400,
    undefined,
    'Resource id is not specified.',
  ),
  refused('DELETE without a token', remove('/refresh-tokens/mine'), 403, '002', 'Missing access token.'),
  refused(
    'DELETE with a bad token',
    remove('/refresh-tokens/mine', { authorization: 'Bearer fake' }),
    401,
    '001',
    'Invalid access token.',
  ),
  refused(
    'DELETE as a guest, signed in',
    remove('/refresh-tokens/mine', { ...CUSTOMER, ...GUEST }),
    400,
    '005',
    AT_ONCE,
  ),
  ...['Bearer fake', 'Bearer {{customer}}'].flatMap((agent) =>
    [{}, CUSTOMER].map((own) =>
      refused(
        `DELETE with the agent header "${agent}" beside ${JSON.stringify(own)}`,
        remove('/refresh-tokens/unknown', { ...own, 'x-agent-authorization': agent }),
        401,
        '4102',
        'Agent access token is invalid.',
      ),
    ),
  ),
  {
    name: 'DELETE of an unknown token',
    request: remove('/refresh-tokens/unknown', CUSTOMER),
    status: 204,
    contentType: null,
  },
  {
    name: 'DELETE of a broken path',
    request: remove('/refresh-tokens/%E0%A4%A', CUSTOMER),
    status: 204,
    contentType: null,
  },
]

const confirm = (attributes: unknown) => ({
  path: '/customer-confirmation',
  body: document('customer-confirmation', attributes),
})

export const confirmation: readonly Pair[] = [
  refused(
    'an unknown key',
    confirm({ registrationKey: 'unknown' }),
    422,
    '423',
    'This email confirmation code is invalid or has been already used.',
  ),
  refused('a blank key', confirm({ registrationKey: '' }), 422, '901', `registrationKey => ${BLANK}`),
  refused('no key', confirm({}), 422, '901', `registrationKey => ${MISSING}`),
]

const NORA = {
  firstName: 'Nora',
  lastName: 'Neu',
  gender: 'Female',
  salutation: 'Ms',
  email: 'nora.neu@example.com',
  password: 'a good password 1',
  confirmPassword: 'a good password 1',
  acceptedTerms: true,
}
const register = (attributes: unknown, headers = {}) => ({
  path: '/customers',
  headers,
  body: document('customers', attributes),
})
const NO_EMAIL = 'This value is not a valid email address.'
const NO_CHOICE = 'The value you selected is not a valid choice.'
const SHORT = 'This value is too short. It should have 8 characters or more.'
const LONG = 'This value is too long. It should have 128 characters or less.'
const NO_TEXT = 'This value should be of type string.'
const EMPTY = Object.fromEntries(Object.keys(NORA).map((name) => [name, '']))

export const registration: readonly Pair[] = [
  refused(
    'POST /customers without attributes',
    register({}),
    422,
    '901',
    ...Object.keys(NORA).map((name) => `${name} => ${MISSING}`),
  ),
  refused(
    'POST /customers with blank attributes',
    register(EMPTY),
    422,
    '901',
    `firstName => ${BLANK}`,
    `lastName => ${BLANK}`,
    ...['gender', 'salutation'].flatMap((name) => [`${name} => ${BLANK}`, `${name} => ${NO_CHOICE}`]),
    `email => ${BLANK}`,
    ...['password', 'confirmPassword'].flatMap((name) => [`${name} => ${BLANK}`, `${name} => ${SHORT}`]),
    'acceptedTerms => This value should be true.',
  ),
  ...(
    [
      [{ email: 'test.com' }, `email => ${NO_EMAIL}`],
      [{ gender: 'test', salutation: 'test' }, `gender => ${NO_CHOICE}`, `salutation => ${NO_CHOICE}`],
      [{ acceptedTerms: false }, 'acceptedTerms => This value should be true.'],
      [{ acceptedTerms: 'true' }, 'acceptedTerms => This value should be true.'],
      [{ firstName: ['Nora'] }, `firstName => ${NO_TEXT}`],
      [{ firstName: '<b>Nora</b>' }, 'firstName => This value is not valid.'],
      [{ lastName: 'N'.repeat(65) }, 'lastName => This value is not valid.'],
      [{ email: `${'a'.repeat(300)}@example.com` }, `email => ${NO_EMAIL}`],
      [{ email: 'a\0@example.com' }, `email => ${NO_EMAIL}`],
      [{ password: 'Test12!', confirmPassword: 'Test12!' }, `password => ${SHORT}`, `confirmPassword => ${SHORT}`],
      [
        { password: 'x'.repeat(129), confirmPassword: 'x'.repeat(129) },
        `password => ${LONG}`,
        `confirmPassword => ${LONG}`,
      ],
    ] as const
  ).map(([change, ...details]) =>
    refused(
      `POST /customers with ${JSON.stringify(change).slice(0, 60)}`,
      register({ ...NORA, ...change }),
      422,
      '901',
      ...details,
    ),
  ),
  refused(
    'POST /customers with two passwords',
    register({ ...NORA, confirmPassword: 'another good password' }),
    422,
    '406',
    'Value in field password should be identical to value in the confirmPassword field.',
  ),
  refused('POST /customers signed in and a guest', register(NORA, { ...CUSTOMER, ...GUEST }), 400, '005', AT_ONCE),
]

const patch = (type: string, id: string, attributes: unknown, headers = {}) => ({
  method: 'PATCH' as const,
  path: `/${type}/${id}`,
  headers,
  body: document(type, attributes),
})
const password = (attributes: unknown, headers = CUSTOMER, id = 'DE--21') =>
  patch('customer-password', id, attributes, headers)
const CHANGE = { password: 'change123', newPassword: 'a good password 2', confirmPassword: 'a good password 2' }
const UNAUTHORIZED = 'Unauthorized request.'

export const passwords: readonly Pair[] = [
  refused('a change without a token', password(CHANGE, {} as typeof CUSTOMER), 403, '002', 'Missing access token.'),
  refused(
    'a change with a bad token',
    password(CHANGE, { authorization: 'Bearer fake' }),
    401,
    '001',
    'Invalid access token.',
  ),
  refused(
    'a change without an id',
    { ...password(CHANGE), path: '/customer-password/' },
    400,
    undefined,
    'Resource id is not specified.',
  ),
  refused(
    'a change without attributes, of another customer',
    password({ newPassword: CHANGE.newPassword }, CUSTOMER, 'test123'),
    422,
    '901',
    `password => ${MISSING}`,
    `confirmPassword => ${MISSING}`,
  ),
  ...['DE--22', 'test123', '%00'].map((id) =>
    refused(`a change of ${id}`, password(CHANGE, CUSTOMER, id), 403, '411', UNAUTHORIZED),
  ),
  ...['agent', 'impersonated'].map((who) =>
    refused(
      `a change by the token of ${who}`,
      password(CHANGE, { authorization: `Bearer {{${who}}}` }),
      403,
      '411',
      UNAUTHORIZED,
    ),
  ),
  refused('a change to blanks', password({ ...CHANGE, password: '' }), 422, '901', `password => ${BLANK}`),
  refused(
    'a change to a short one',
    password({ ...CHANGE, newPassword: 'test', confirmPassword: 'test' }),
    422,
    '901',
    `newPassword => ${SHORT}`,
    `confirmPassword => ${SHORT}`,
  ),
  refused(
    'a change to two',
    password({ ...CHANGE, confirmPassword: 'another good password' }),
    422,
    '406',
    'Value in field newPassword should be identical to value in the confirmPassword field.',
  ),
  refused('a change with a wrong one', password({ ...CHANGE, password: 'wrong' }), 400, '408', 'Invalid password'),
  refused(
    'a change to a common one',
    password({ ...CHANGE, newPassword: 'password1', confirmPassword: 'password1' }),
    400,
    '422',
    'The password is listed as common.',
  ),
  refused(
    'a change to the login',
    password({ ...CHANGE, newPassword: 'sonia@spryker.com', confirmPassword: 'sonia@spryker.com' }),
    400,
    '408',
    'Invalid password',
  ),
  {
    name: 'a forgotten password',
    request: {
      path: '/customer-forgotten-password',
      body: document('customer-forgotten-password', { email: 'nobody@example.com' }),
    },
    status: 204,
    contentType: null,
  },
  ...(
    [
      [{ email: 'xyz' }, NO_EMAIL],
      [{ email: '' }, BLANK],
      [{}, MISSING],
      [{ email: ['a@b.de'] }, NO_TEXT],
    ] as const
  ).map(([attributes, complaint]) =>
    refused(
      `a forgotten password with ${JSON.stringify(attributes)}`,
      { path: '/customer-forgotten-password', body: document('customer-forgotten-password', attributes) },
      422,
      '901',
      `email => ${complaint}`,
    ),
  ),
  refused(
    'a restored password without an id',
    { ...patch('customer-restore-password', '', {}) },
    400,
    undefined,
    'Resource id is not specified.',
  ),
  refused(
    'a restored password without attributes',
    patch('customer-restore-password', 'x', {}),
    422,
    '901',
    ...['restorePasswordKey', 'password', 'confirmPassword'].map((name) => `${name} => ${MISSING}`),
  ),
  refused(
    'a restored password twice different',
    patch('customer-restore-password', 'x', {
      restorePasswordKey: 'k',
      password: 'good enough 1',
      confirmPassword: 'good enough 2',
    }),
    422,
    '406',
    'Value in field password should be identical to value in the confirmPassword field.',
  ),
  ...['unknown', 'a'.repeat(43), '\0'].map((restorePasswordKey) =>
    refused(
      `a restored password by the key ${JSON.stringify(restorePasswordKey).slice(0, 20)}`,
      patch('customer-restore-password', 'x', {
        restorePasswordKey,
        password: 'good enough 1',
        confirmPassword: 'good enough 1',
      }),
      422,
      '415',
      'Restore password key is not valid.',
    ),
  ),
]

export const erasure: readonly Pair[] = [
  refused(
    'DELETE /customers without an id',
    remove('/customers/', CUSTOMER),
    400,
    undefined,
    'Resource id is not specified.',
  ),
  refused('DELETE /customers without a token', remove('/customers/DE--21', {}), 403, '002', 'Missing access token.'),
  refused(
    'DELETE /customers with a bad token',
    remove('/customers/DE--21', { authorization: 'Bearer x' }),
    401,
    '001',
    'Invalid access token.',
  ),
  ...['DE--22', 'DE35', 'mine', '%00'].map((id) =>
    refused(`DELETE /customers/${id}`, remove(`/customers/${id}`, CUSTOMER), 403, '411', UNAUTHORIZED),
  ),
  ...['agent', 'impersonated'].map((who) =>
    refused(
      `DELETE /customers by the token of ${who}`,
      remove('/customers/DE--21', { authorization: `Bearer {{${who}}}` }),
      403,
      '411',
      UNAUTHORIZED,
    ),
  ),
]

const AGENT_ONLY = 'Action is available to agent user only.'
const look = (search: string, headers = {}) => ({
  method: 'GET' as const,
  path: `/agent-customer-search${search}`,
  headers,
})
const AGENT_TOKEN = { authorization: 'Bearer {{agent}}' }
const badPage = (search: string): Pair => ({
  name: `a search with ${search}`,
  request: look(search, AGENT_TOKEN),
  status: 400,
  contentType: 'text/plain; charset=utf-8',
})

export const customerSearch: readonly Pair[] = [
  refused('a search by nobody', look(''), 401, '4103', AGENT_ONLY),
  refused('a search by a customer', look('', CUSTOMER), 401, '4103', AGENT_ONLY),
  refused(
    'a search by an agent who acts for a customer',
    look('', { authorization: 'Bearer {{impersonated}}' }),
    401,
    '4103',
    AGENT_ONLY,
  ),
  refused('a search with a bad token', look('', { authorization: 'Bearer x' }), 401, '001', 'Invalid access token.'),
  refused(
    'a search with a bad agent header',
    look('', { 'x-agent-authorization': 'Bearer x' }),
    401,
    '4102',
    'Agent access token is invalid.',
  ),
  ...[
    'page[limit]=0',
    'page[limit]=-1',
    'page[limit]=x',
    'page[limit]=1&page[limit]=2',
    'page[offset]=1e3',
    'page[offset]=9999999999',
  ].map((search) => badPage(`?${search}`)),
]
