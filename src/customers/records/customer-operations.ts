import type { Knex } from 'knex'
import type { Passwords } from '../../credentials/passwords.ts'
import type { EmailChange } from '../email-change-rows.ts'
import type { BackgroundWrapping, WrappingReport } from '../import/background-wrapping.ts'
import { type ImportOptions, type ImportReport, importCustomers } from '../import/import.ts'
import { type MigrationStatus, readMigrationStatus } from '../import/migration-status.ts'
import { readPasswordState } from '../import/password-state.ts'
import type { WrappingOptions } from '../import/wrap-fast-hashes.ts'
import type { TellChanged } from '../recent-customers.ts'
import type { EndTakenAway, TakenAway } from '../taken-away.ts'
import { type Erasure, eraseCustomer } from './erase.ts'
import { exportCustomers, exportPersonalData } from './export.ts'

export type CustomerOperations = ReturnType<typeof createCustomerOperations>

type CustomerOperationsDeps = {
  readonly knex: Knex
  readonly passwords: Passwords
  readonly wrapping: BackgroundWrapping
  /** Ends everything that was granted to the customer until now; `by` is who erases or imports. */
  readonly signOut: (customerId: string, why: 'erased' | 'imported', by: string) => Promise<void>
  /** Ends what was granted to those whom an import blocks. */
  readonly endTakenAway: EndTakenAway
  /** Tells the owner of an address that an import replaced. */
  readonly announceMove?: ((change: EmailChange, by: string) => void) | undefined
  readonly tellChanged: TellChanged
  /** What others keep about a customer, by heading. */
  readonly collect?: (customerId: string) => Promise<Readonly<Record<string, unknown>>>
}

type CustomerImportOptions = ImportOptions & {
  readonly by: string
  /** False leaves fast hashes bare until the next round of wrapping. */
  readonly wrap?: boolean
}

/** What operators do with customers: move them in and out, follow the migration, and what the law asks for. */
export function createCustomerOperations(deps: CustomerOperationsDeps) {
  const { knex, passwords, wrapping, signOut, endTakenAway, announceMove, tellChanged, collect } = deps
  return {
    /** `by` is who imports. */
    async import(
      source: AsyncIterable<Buffer | string>,
      { wrap = true, by, ...options }: CustomerImportOptions,
    ): Promise<ImportReport> {
      const ends = {
        endTakenAway: (takenAway: TakenAway) => endTakenAway(takenAway, by),
        signOut: (id: string) => signOut(id, 'imported', by),
        onMoved: (change: EmailChange) => announceMove?.(change, by),
      }
      try {
        return await importCustomers({ knex, passwords, ...ends }, source, options)
      } finally {
        // Also after an import that broke off: what landed is seen, and must not stay bare.
        if (!options.dryRun) await tellChanged()
        if (wrap && !options.dryRun) wrapping.wake()
      }
    },
    wrapFastHashes: (options: WrappingOptions): Promise<WrappingReport> => wrapping.follow(options),
    migrationStatus: (): Promise<MigrationStatus> =>
      readMigrationStatus({ knex, passwords, wrapping: wrapping.progress() }),
    passwordState: (customer: string) => readPasswordState({ knex, passwords }, customer),
    exportAll: (options: { readonly withHashes: boolean }) => exportCustomers({ knex }, options),
    exportPersonalData: (reference: string) => exportPersonalData({ knex, ...(collect && { collect }) }, reference),
    erase: (reference: string, by: string): Promise<Erasure> =>
      eraseCustomer({ knex, revoke: (id) => signOut(id, 'erased', by), tellChanged }, reference),
  }
}
