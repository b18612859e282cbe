import { hash, randomUUID } from 'node:crypto'
import type { Knex } from 'knex'
import type { Customer } from '../customer.ts'
import { ADMINISTERS } from './administers.ts'

/** An invitation that waits for an answer. Epoch seconds. */
export type Invitation = {
  readonly id: string
  readonly company: { readonly id: string; readonly name: string }
  readonly email: string
  readonly roleName?: string
  readonly expiresAt: number
}

/** An invitation as it is stored. */
export type InvitationRow = {
  readonly id: string
  readonly companyId: string
  readonly companyName: string
  readonly email: string
  readonly normalized: string
  readonly roleId: string | null
  readonly roleName: string | null
  readonly invitedBy: string
  readonly expiresAt: string | number
}

/** Invitations that wait for an answer and whose sender may still invite: what ends the one ends the other. */
export function waitingInvitations(connection: Knex, permission: string) {
  return (
    connection('company_invitations as i')
      .join('companies as co', 'co.id', 'i.company_id')
      .leftJoin('company_roles as r', 'r.id', 'i.company_role_id')
      .whereNull('i.answered_at')
      .where('i.expires_at', '>', seconds())
      .where('co.status', 'approved')
      // With who may not invite any more ends what they sent.
      .whereRaw(`exists (select 1 from company_users cu where cu.id = i.invited_by and ${ADMINISTERS})`, [permission])
      .select<InvitationRow[]>({
        id: 'i.id',
        companyId: 'i.company_id',
        companyName: 'co.name',
        email: 'i.email',
        normalized: 'i.email_normalized',
        roleId: 'i.company_role_id',
        roleName: 'r.name',
        invitedBy: 'i.invited_by',
        expiresAt: 'i.expires_at',
      })
  )
}

/** A company user who had left comes back as the one of before, with the role of the invitation. */
export async function joinCompany(
  transaction: Knex,
  customer: Customer,
  { companyId, roleId }: InvitationRow,
): Promise<void> {
  const before = await transaction('company_users')
    .where({ customer_id: customer.id, company_id: companyId })
    .orderBy('is_active', 'desc')
    .first<{ id: string; is_active: boolean } | undefined>('id', 'is_active')
  if (before?.is_active) return
  const id = before?.id ?? randomUUID()
  if (before) {
    await transaction('company_users').where({ id }).update({ is_active: true, left_at: null })
    await transaction('company_user_roles').where({ company_user_id: id }).delete()
  } else {
    const position = customer.companyUsers.length
    await transaction('company_users').insert({ id, customer_id: customer.id, company_id: companyId, position })
  }
  if (roleId !== null) await transaction('company_user_roles').insert({ company_user_id: id, company_role_id: roleId })
}

/** What is told of it. */
export function toInvitation({ id, companyId, companyName, email, roleName, expiresAt }: InvitationRow): Invitation {
  return {
    id,
    company: { id: companyId, name: companyName },
    email,
    ...(roleName !== null && { roleName }),
    expiresAt: Number(expiresAt),
  }
}

/** The link of a letter is kept as this. */
export function digestOf(token: string): string {
  return hash('sha256', token, 'base64url')
}

/** Now, in epoch seconds. */
export function seconds(): number {
  return Math.floor(Date.now() / 1000)
}
