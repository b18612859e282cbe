import type { Role } from './role.ts'

/** A person who operates this server, by the console or the admin API. */
export type Administrator = {
  /** A UUID. */
  readonly id: string
  readonly email: string
  readonly name?: string
  readonly role: Role
  readonly status: 'active' | 'blocked'
  /** Epoch seconds. */
  readonly createdAt: number
  /** Epoch seconds; sessions from before are over. */
  readonly passwordChangedAt: number
}

/** Who acts through the admin API: a person, a token, or a holder of ADMIN_TOKEN. */
export type Actor = {
  readonly kind: 'administrator' | 'admin-token' | 'setting'
  /** What the audit trail calls them. */
  readonly name: string
  readonly role: Role
  /** Of the administrator or the token. */
  readonly id?: string
  /** An administrator who must have a second factor, and has none yet: they may do nothing but get one. */
  readonly lacksSecondFactor?: true
}
