import { CLAIM_DIALECTS, type ClaimDialect, type ClaimEntry, type ClaimPlace } from './claim-entry.ts'
import { CLAIMS_OF_PEOPLE } from './claims-of-people.ts'

const ALL = CLAIM_DIALECTS
const IDENTITY: readonly ClaimPlace[] = ['access', 'id', 'introspection']
const STANDARD_FORM: readonly ClaimDialect[] = ['commercetools', 'SAP Commerce']
const BUT_SLAS = ALL.filter((dialect) => dialect !== 'SLAS')

/** Every claim of every token and answer of this server. `docs/claims.md` is made of it, and tests compare it with real tokens. */
export const CLAIMS: Readonly<Record<string, ClaimEntry>> = {
  iss: {
    says: 'Who issued it: ISSUER, or what the services of a dialect expect.',
    source: 'the setting ISSUER',
    example: 'https://id.example',
    in: ['access', 'id', 'introspection', 'logout', 'set'],
    dialects: ALL,
  },
  sub: {
    says: 'Whose it is: the customer, `agent:…`, `anonymous:…`, or the client itself. In a dialect’s form it is what its services read.',
    source: 'the account',
    example: '79cc0486-bbdf-491b-a0a2-722383b6288b',
    in: ['access', 'id', 'userinfo', 'introspection', 'logout'],
    dialects: [...BUT_SLAS.filter((dialect) => dialect !== 'Magento'), 'SLAS'],
  },
  aud: {
    says: 'Whom it is for: the resource server, or the client.',
    source: 'the resource server, or the client',
    example: 'urn:vestibule:commerce',
    in: ['access', 'id', 'introspection', 'logout', 'set'],
    dialects: ALL,
  },
  exp: {
    says: 'When it ends, in epoch seconds.',
    source: 'the lifetime of the client or of the resource server',
    example: 1_798_000_000,
    in: ['access', 'id', 'introspection', 'logout'],
    dialects: ALL,
  },
  iat: {
    says: 'When it was issued, in epoch seconds.',
    source: 'the clock',
    example: 1_797_971_200,
    in: ['access', 'id', 'introspection', 'logout', 'set'],
    dialects: ALL,
  },
  iat_ms: {
    says: 'The same in milliseconds, of tokens that hang from no sign-in of their client.',
    source: 'the clock',
    example: 1_797_971_200_123,
    in: ['access'],
    dialects: ['Elastic Path', ...STANDARD_FORM],
  },
  nbf: {
    says: 'From when it may be used, in epoch seconds.',
    source: 'the member with_nbf of the resource server',
    example: 1_797_971_200,
    in: ['access'],
    dialects: ['Spryker', 'SLAS'],
  },
  jti: {
    says: 'The id of the token.',
    source: 'made for each token',
    example: '0b9f1f2e-6c3a-4a53-9d3c-3b8f0a8f3f52',
    in: ['access', 'introspection', 'logout', 'set'],
    dialects: ALL,
  },
  client_id: {
    says: 'The client that it was given to.',
    source: 'the request',
    example: 'frontend',
    in: ['access', 'introspection'],
    dialects: ALL,
  },
  ucp_profile: {
    says: 'The profile of the platform that it was given to (Universal Commerce Protocol).',
    source: 'the member ucp_profile of the client',
    example: 'https://platform.example/.well-known/ucp',
    in: ['introspection'],
  },
  scope: {
    says: 'The scopes that were granted at the resource server, with spaces between them.',
    source: 'the grant',
    example: 'customer company',
    in: ['access', 'introspection'],
    dialects: ['Elastic Path', ...STANDARD_FORM, 'SLAS'],
  },
  active: {
    says: 'Whether the token works now.',
    source: 'the token, its sign-in, its client and its account, as they are now',
    example: true,
    in: ['introspection'],
  },
  token_type: {
    says: 'How the token is presented: Bearer or DPoP.',
    source: 'the token',
    example: 'Bearer',
    in: ['introspection'],
  },
  cnf: {
    says: 'The key (`jkt`) or certificate (`x5t#S256`) that its holder must prove (RFC 9449, RFC 8705).',
    source: 'the proof of the token request',
    example: { jkt: 'NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs' },
    in: ['access', 'introspection'],
  },
  status: {
    says: 'The place of the token in a status list (Token Status List).',
    source: 'the member status_list of the resource server',
    example: { status_list: { idx: 4711, uri: 'https://id.example/status-lists/1' } },
    in: ['access'],
  },
  gid: {
    says: 'The sign-in that the token hangs from.',
    source: 'the grant',
    example: 'c0ffee5d-hangs-from',
    in: ['access'],
    dialects: ALL,
  },
  parent_gid: {
    says: 'The sign-in that its own ends with: that of the agent who acts.',
    source: 'the grant',
    example: 'c0ffee5d-agent',
    in: ['access'],
    dialects: ['Spryker'],
  },
  grant_client_id: {
    says: 'The client whose sign-in the token hangs from, where another client traded it (RFC 8693).',
    source: 'the subject token',
    example: 'frontend',
    in: ['access'],
  },
  act: {
    says: 'Who acts for the person: an agent, or a service that traded for the token (RFC 8693 §4.1). With `iss` it is the word of a trusted issuer.',
    source: 'the grant type',
    example: { sub: 'agent:1c0d0f0e-3c43-4f5a-8f0f-6a0f8f0f6a0f' },
    in: ['access', 'introspection'],
    dialects: ['Spryker'],
  },
  sid: {
    says: 'The session in the browser, for the client.',
    source: 'the browser session',
    example: 'Gx0c8Wb1mE2u0b1n7S3vE',
    in: ['id', 'logout'],
  },
  events: {
    says: 'That it is a logout token (OpenID Connect Back-Channel Logout 1.0), or what a Security Event Token tells of (RFC 8417).',
    source: 'the standard',
    example: { 'http://schemas.openid.net/event/backchannel-logout': {} },
    in: ['logout', 'set'],
  },
  sub_id: {
    says: 'Whom a Security Event Token is about (RFC 9493).',
    source: 'the account',
    example: { format: 'iss_sub', iss: 'https://id.example', sub: '79cc0486-bbdf-491b-a0a2-722383b6288b' },
    in: ['set'],
  },
  txn: {
    says: 'What happened, in all tokens that tell of it (RFC 8417 §2.2).',
    source: 'the record of the ending',
    example: '7a1f8e5e-9b1a-4a0f-8f0f-3b8f0a8f3f52',
    in: ['set'],
  },
  nonce: {
    says: 'What the client sent with its request.',
    source: 'the authorization request',
    example: 'n-0S6_WzA2Mj',
    in: ['id'],
  },
  auth_time: {
    says: 'When the person last proved who they are, in epoch seconds.',
    source: 'the sign-in',
    example: 1_797_971_190,
    in: IDENTITY,
    dialects: ALL,
  },
  acr: {
    says: 'How strong the sign-in was.',
    source: 'the sign-in',
    example: 'urn:vestibule:acr:signed-in',
    in: IDENTITY,
    dialects: BUT_SLAS,
  },
  amr: {
    says: 'How the person signed in (RFC 8176).',
    source: 'the sign-in',
    example: ['pwd'],
    in: IDENTITY,
    dialects: BUT_SLAS,
  },
  userinfo_claims: {
    says: 'Single claims that the request asked userinfo for (OpenID Connect Core §5.5).',
    source: 'the parameter claims',
    example: ['locale'],
    in: ['access'],
  },
  ...CLAIMS_OF_PEOPLE,
  customer_id: ofDialects(
    'The customer, where `sub` is not.',
    'the account',
    '79cc0486-bbdf-491b-a0a2-722383b6288b',
    ALL.filter((dialect) => dialect !== 'commercetools'),
  ),
  agent_id: ofDialects('The agent, where `sub` is not.', 'the account', 'agent:1c0d0f0e', [
    'Spryker',
    'Magento',
    'SAP Commerce',
  ]),
  scopes: ofDialects('The scopes as a list.', 'the grant', ['customer'], ['Spryker']),
  account_member_self_management: ofDialects('Whether members manage themselves.', 'fixed', 'disabled', [
    'Elastic Path',
  ]),
  ancestors: ofDialects('Accounts above this one.', 'fixed', [], ['Elastic Path']),
  realm_id: ofDialects('Where accounts sign in.', 'fixed', '9d5b3c0e-6a0f-4f3e-8f0a-3c1d7f2b6a11', ['Elastic Path']),
  uid: ofDialects('The shop’s number of the customer or agent.', 'the account', 21, ['Magento']),
  utypid: ofDialects('The kind of user: 3 for customers, 2 for agents.', 'the account', 3, ['Magento']),
  aut: ofDialects('The kind of the token.', 'fixed', 'GUID', ['SLAS']),
  scp: ofDialects('The scopes, with spaces between them.', 'the grant', 'sfcc.shopper-products', ['SLAS']),
  ctx: ofDialects('The context.', 'fixed', 'slas', ['SLAS']),
  ist: ofDialects('The state of the session.', 'fixed', 1, ['SLAS']),
  dnt: ofDialects('Do not track: 0 or 1.', 'the sign-in', '0', ['SLAS']),
  sty: ofDialects('User or Guest.', 'the account', 'User', ['SLAS']),
  isb: ofDialects('Who it is, part by part.', 'the account', 'uido:ecom::upn:sam@example.com::…', ['SLAS']),
}

function ofDialects(says: string, source: string, example: unknown, dialects: readonly ClaimDialect[]): ClaimEntry {
  return { says, source, example, in: [], dialects }
}
