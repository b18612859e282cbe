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
]

/** Bodies that are no request document, at every JSON:API endpoint. */
export const malformed: readonly Pair[] = TYPES.flatMap((type) => {
  const path = `/${type}`
  const invalid = (name: string, body: unknown) =>
    refused(`${path}: ${name}`, { path, body }, 400, undefined, 'Post data is invalid.')
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
      refused(`${path}: type "${wrong}"`, { path, body: document(wrong, {}) }, 400, undefined, 'Invalid type.'),
    ),
    refused(`${path}: PATCH`, { method: 'PATCH', path, body: {} }, 404, undefined, 'Not Found'),
    refused(`${path}: POST with an id`, { path: `${path}/1`, body: {} }, 404, undefined, 'Not Found'),
    refused(
      `${path}: a body of 1 MB`,
      { path, body: 'a'.repeat(1_000_000) },
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
