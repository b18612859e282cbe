import type { Knex } from 'knex'
import type { Passwords } from '../../credentials/passwords.ts'
import type { Directory } from '../directory.ts'
import type { SignInElsewhere } from '../sign-in-elsewhere.ts'
import { createHttpDirectory } from './http-directory.ts'
import { createLazyMigration } from './lazy-migration.ts'
import type { ReportedFailure } from './shop-failure.ts'
import { createShopService } from './shop-service.ts'
import { createSqlDirectory, type SqlDirectory } from './sql-directory.ts'

export type CustomerSourceSettings = {
  readonly SHOP_DIRECTORY_URL?: string | undefined
  readonly SHOP_DIRECTORY_TOKEN?: string | undefined
  readonly LEGACY_DIRECTORY_URL?: string | undefined
  readonly LEGACY_DIRECTORY_TOKEN?: string | undefined
}

type SourceDeps = {
  readonly knex: Knex
  readonly passwords: Pick<Passwords, 'hash' | 'verify'>
  /** A customer whose right password was not enough, because the service's answer does not fit, and why. */
  readonly onProblem: (customerReference: string, problem: string) => void
  /** The shop's service failed a question. */
  readonly onFailure: (directory: DirectoryName, failure: ReportedFailure) => void
}

/** SHOP_DIRECTORY_URL, or LEGACY_DIRECTORY_URL. */
export type DirectoryName = 'shop' | 'legacy'

export type CustomerSource = {
  readonly directory: Directory
  /** Looks up several at once. Absent where the source knows no such question. */
  readonly findAllById?: SqlDirectory['findAllById']
  /** Whether look-ups by id are answered from its memory: another one on top would make them older. */
  readonly remembers: boolean
  readonly signInElsewhere?: SignInElsewhere
  /** False where the shop keeps them: a policy of ours would ask for changes that cannot be made here. */
  readonly keepsPasswords: boolean
}

/** Where customers are: in our tables, in the shop, or moving from the shop to our tables as they sign in. */
export function selectCustomerSource(settings: CustomerSourceSettings, deps: SourceDeps): CustomerSource {
  const shop = httpDirectory('shop', settings, deps)
  if (shop) return { directory: shop, remembers: true, signInElsewhere: shop.signIn, keepsPasswords: false }
  const directory = createSqlDirectory(deps)
  const legacy = httpDirectory('legacy', settings, deps)
  return {
    directory,
    findAllById: directory.findAllById,
    remembers: false,
    ...(legacy && { signInElsewhere: createLazyMigration({ ...deps, directory, legacy }) }),
    keepsPasswords: true,
  }
}

function httpDirectory(name: DirectoryName, settings: CustomerSourceSettings, { onProblem, onFailure }: SourceDeps) {
  const prefix = name === 'shop' ? 'SHOP_DIRECTORY' : 'LEGACY_DIRECTORY'
  const [url, token] = [settings[`${prefix}_URL`], settings[`${prefix}_TOKEN`]]
  if (url === undefined) return undefined
  const service = createShopService({ url, ...(token !== undefined && { token }) })
  return createHttpDirectory({ service, onProblem, onFailure: (failure) => onFailure(name, failure) })
}
