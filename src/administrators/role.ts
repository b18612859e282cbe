/** The roles of operators, weakest first: each role may do all that the one before it may. */
export const ROLES = ['viewer', 'support', 'security', 'owner'] as const
export type Role = (typeof ROLES)[number]

/** The closed list of what can be done through the admin API: the weakest role that may, and what it is. */
export const PERMISSIONS = {
  'self:use': { from: 'viewer', allows: 'See your own account, sign out, change your own password.' },
  'health:read': { from: 'viewer', allows: 'See the health of database, storage, keys and mail.' },
  'clients:read': { from: 'viewer', allows: 'See clients, and names and expiry times of their secrets.' },
  'resource-servers:read': { from: 'viewer', allows: 'See resource servers.' },
  'upstreams:read': { from: 'viewer', allows: 'See sign-in providers, without their secrets.' },
  'issuers:read': { from: 'viewer', allows: 'See issuers whose assertions are taken for tokens.' },
  'streams:read': { from: 'viewer', allows: 'See who receives Shared Signals, and how delivery stands.' },
  'customers:read': { from: 'viewer', allows: 'Find and see customers, without password hashes.' },
  'companies:read': { from: 'viewer', allows: 'See companies, business units, company users, roles and permissions.' },
  'agents:read': { from: 'viewer', allows: 'See back-office people who act for customers.' },
  'grants:read': { from: 'viewer', allows: 'See sign-ins of a customer or a client.' },
  'lockouts:read': { from: 'viewer', allows: 'See everything that is locked, and whether a login or an address is.' },
  'keys:read': { from: 'viewer', allows: 'See signing keys, their use, and their public halves.' },
  'secrets:read': { from: 'viewer', allows: 'See the generations of the server’s own secrets, without values.' },
  'dialects:read': { from: 'viewer', allows: 'See which clients use which dialect.' },
  'outbox:read': { from: 'viewer', allows: 'See what waits to be sent to others, without what it says.' },
  'audit:read': { from: 'viewer', allows: 'Search the audit trail and verify its chain.' },
  'administrators:read': {
    from: 'viewer',
    allows: 'See administrators and admin tokens, without the tokens themselves.',
  },

  'customers:write': { from: 'support', allows: 'Create, change, block, unblock and confirm customers.' },
  'companies:write': { from: 'support', allows: 'Create and change companies, and their business units and roles.' },
  'grants:revoke': { from: 'support', allows: 'Sign out a customer or a company user, from one sign-in or from all.' },
  'lockouts:lift': { from: 'support', allows: 'Remove the lockouts of a login or an address.' },
  'tokens:inspect': { from: 'support', allows: 'Inspect a token, and see when and why tokens ended.' },
  'support-access:read': { from: 'support', allows: 'See when agents acted for customers, and why.' },
  'support-access:approve': {
    from: 'support',
    allows: 'Approve that an agent acts for a customer, as a second person.',
  },
  'support-access:end': { from: 'support', allows: 'End that an agent acts for a customer.' },
  'mandates:read': { from: 'support', allows: 'See what customers let clients buy, and the orders under it.' },
  'mandates:withdraw': { from: 'support', allows: 'Withdraw what a customer lets a client buy.' },
  'personal-data:export': { from: 'support', allows: 'Export all data about one customer.' },

  'clients:secrets': { from: 'security', allows: 'Create secrets of clients, and make them expire.' },
  'clients:switch': { from: 'security', allows: 'Disable and enable clients.' },
  'grants:revoke-all': { from: 'security', allows: 'Sign out all customers of a client, or all customers.' },
  'support-access:switch': { from: 'security', allows: 'Switch support access off for all agents, and on again.' },
  'streams:write': { from: 'security', allows: 'Pause, disable, enable and remove streams of Shared Signals.' },
  'keys:write': { from: 'security', allows: 'Create, rotate, retire and revoke signing keys.' },
  'secrets:write': { from: 'security', allows: 'Rotate and delete the server’s own secrets.' },
  'sign-in-links:write': { from: 'security', allows: 'Create links that sign in a customer.' },
  'customers:change-email': { from: 'security', allows: 'Change the e-mail address of a customer.' },
  'customers:reset-second-factor': { from: 'security', allows: 'Take the second factor of a customer away.' },
  'outbox:write': {
    from: 'security',
    allows: 'Send again and delete what waits for others, pause and resume receivers.',
  },
  'agents:write': { from: 'security', allows: 'Create, change, block and unblock agents.' },
  'audit:export': { from: 'security', allows: 'Export the whole audit trail.' },
  'admin-tokens:write': { from: 'security', allows: 'Create and revoke admin tokens of lower roles.' },

  'clients:write': { from: 'owner', allows: 'Create, change and remove clients.' },
  'resource-servers:write': { from: 'owner', allows: 'Create, change and remove resource servers.' },
  'upstreams:write': { from: 'owner', allows: 'Create, change and remove sign-in providers.' },
  'issuers:write': { from: 'owner', allows: 'Add, change, enable, disable and remove trusted issuers.' },
  'customers:move': { from: 'owner', allows: 'Import and export customers in bulk, and wrap their hashes.' },
  'customers:export-hashes': { from: 'owner', allows: 'Export password hashes.' },
  'customers:erase': { from: 'owner', allows: 'Anonymise a customer for good.' },
  'administrators:write': { from: 'owner', allows: 'Create, change and block administrators.' },
} as const satisfies Readonly<Record<string, { readonly from: Role; readonly allows: string }>>

export type Permission = keyof typeof PERMISSIONS

/** The whole of authorization: whether `role` may do `action`. */
export function mayDo(role: Role, action: Permission): boolean {
  return rank(role) >= rank(PERMISSIONS[action].from)
}

/** An operator gives, changes or removes only roles below their own; an owner may do so with all. */
export function mayRule(role: Role, over: Role): boolean {
  return role === 'owner' || rank(over) < rank(role)
}

/** Whether `role` may do less than `than`. */
export function isLower(role: Role, than: Role): boolean {
  return rank(role) < rank(than)
}

function rank(role: Role): number {
  return ROLES.indexOf(role)
}
