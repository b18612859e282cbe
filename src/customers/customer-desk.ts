import type { Knex } from 'knex'
import { type Erasure, eraseCustomer } from './erase.ts'
import { exportCustomers, exportPersonalData } from './export.ts'
import { type ImportOptions, type ImportReport, importCustomers } from './import.ts'
import { type MigrationStatus, readMigrationStatus } from './migration-status.ts'
import type { Passwords } from './passwords.ts'
import { type WrappingOptions, wrapFastHashes } from './wrap-fast-hashes.ts'

export type CustomerDesk = ReturnType<typeof createCustomerDesk>

type DeskDeps = {
  readonly knex: Knex
  readonly passwords: Passwords
  /** Ends everything that was granted to the customer until now. */
  readonly signOut: (customerId: string) => Promise<void>
}

/** What operators do with customers: move them in and out, follow the migration, and what the law asks for. */
export function createCustomerDesk({ knex, passwords, signOut }: DeskDeps) {
  return {
    import: (source: AsyncIterable<Buffer | string>, options: ImportOptions): Promise<ImportReport> =>
      importCustomers({ knex, passwords }, source, options),
    wrapFastHashes: (options: WrappingOptions) => wrapFastHashes({ knex, passwords }, options),
    migrationStatus: (): Promise<MigrationStatus> => readMigrationStatus({ knex, passwords }),
    exportAll: (options: { readonly withHashes: boolean }) => exportCustomers({ knex }, options),
    exportPersonalData: (reference: string) => exportPersonalData({ knex }, reference),
    erase: (reference: string): Promise<Erasure> => eraseCustomer({ knex, revoke: signOut }, reference),
  }
}
