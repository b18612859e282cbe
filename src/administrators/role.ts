/** The roles of operators, weakest first: each role may do all that the one before it may. */
export const ROLES = ['viewer', 'support', 'security', 'owner'] as const
export type Role = (typeof ROLES)[number]

/** The closed list of what can be done through the admin API: the weakest role that may, and what it is. */
export const PERMISSIONS = {
  'self:use': { from: 'viewer', allows: 'See who one is, sign out, choose another password of one’s own.' },
  'health:read': { from: 'viewer', allows: 'See how database, storage, keys and mail are.' },
  'clients:read': { from: 'viewer', allows: 'See clients, and names and expiries of their secrets.' },
  'resource-servers:read': { from: 'viewer', allows: 'See resource servers.' },
  'customers:read': { from: 'viewer', allows: 'Find and see customers; never a password hash.' },
  'companies:read': { from: 'viewer', allows: 'See companies, business units, company users, roles and permissions.' },
  'agents:read': { from: 'viewer', allows: 'See back-office people who act for customers.' },
  'grants:read': { from: 'viewer', allows: 'See sign-ins of a customer or a client.' },
  'lockouts:read': { from: 'viewer', allows: 'See whether a login or an address is locked.' },
  'keys:read': { from: 'viewer', allows: 'See signing keys, their use, and their public halves.' },
  'secrets:read': { from: 'viewer', allows: 'See the generations of the server’s own secrets, never a value.' },
  'dialects:read': { from: 'viewer', allows: 'See which clients use which dialect.' },
  'audit:read': { from: 'viewer', allows: 'Search the audit trail and verify its chain.' },
  'administrators:read': { from: 'viewer', allows: 'See administrators and admin tokens, never a token.' },

  'customers:write': { from: 'support', allows: 'Make, change, block, unblock and confirm customers.' },
  'companies:write': { from: 'support', allows: 'Make and change companies and all that belongs to them.' },
  'grants:revoke': { from: 'support', allows: 'Sign a customer or a company user out, of one sign-in or of all.' },
  'lockouts:lift': { from: 'support', allows: 'Lift the lock of a login or an address.' },
  'tokens:inspect': { from: 'support', allows: 'Look at one token that was handed in.' },
  'personal-data:export': { from: 'support', allows: 'Export what is held about one customer.' },

  'clients:secrets': { from: 'security', allows: 'Make secrets of clients and let them end.' },
  'clients:switch': { from: 'security', allows: 'Disable and enable clients.' },
  'grants:revoke-all': { from: 'security', allows: 'Sign out a whole client, or everybody.' },
  'keys:write': { from: 'security', allows: 'Make, rotate, retire and revoke signing keys.' },
  'secrets:write': { from: 'security', allows: 'Rotate and forget the server’s own secrets.' },
  'sign-in-links:write': { from: 'security', allows: 'Make links that sign a customer in.' },
  'agents:write': { from: 'security', allows: 'Make, change, block and unblock agents.' },
  'audit:export': { from: 'security', allows: 'Take the whole audit trail away.' },
  'admin-tokens:write': { from: 'security', allows: 'Make and revoke admin tokens weaker than oneself.' },

  'clients:write': { from: 'owner', allows: 'Make, change and remove clients.' },
  'resource-servers:write': { from: 'owner', allows: 'Make, change and remove resource servers.' },
  'customers:move': { from: 'owner', allows: 'Import and export customers in bulk, and wrap their hashes.' },
  'customers:export-hashes': { from: 'owner', allows: 'Export password hashes.' },
  'customers:erase': { from: 'owner', allows: 'Anonymise a customer for good.' },
  'administrators:write': { from: 'owner', allows: 'Make, change and block administrators.' },
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

function rank(role: Role): number {
  return ROLES.indexOf(role)
}
