import type { z } from 'zod'
import { createCache } from '../../cache.ts'
import { normalizeEmail, storedForms } from '../../credentials/email.ts'
import type { Customer } from '../customer.ts'
import type { Directory } from '../directory.ts'
import { type ImportRecord, importRecord } from '../import/import-record.ts'
import { REMEMBERED } from '../recent-customers.ts'
import type { SignInElsewhere } from '../sign-in-elsewhere.ts'
import { type ReportedFailure, type ShopFailure, ShopServiceError } from './shop-failure.ts'
import type { ShopService } from './shop-service.ts'

/** A directory whose customers and passwords stay in the shop. */
export type HttpDirectory = Directory & {
  readonly signIn: SignInElsewhere
  /** As `signIn`, with the record as the shop gave it: for taking the customer over. */
  readonly signInForRecord: (login: string, password: string) => Promise<RecordOutcome>
}

export type RecordOutcome =
  | { readonly outcome: 'match'; readonly record: ShopRecord }
  | { readonly outcome: 'mismatch' }
  | { readonly outcome: 'unavailable'; readonly retryAfterSeconds: number; readonly isServiceAway: true }

/** What the service answers is a line of the import format, id and number included. */
const shopRecord = importRecord.required({ id: true, idCustomer: true })
export type ShopRecord = z.output<typeof shopRecord>

type HttpDirectoryDeps = {
  readonly service: ShopService
  /** A right password was answered with another customer than the one of the login. */
  readonly onProblem?: (customerReference: string, problem: string) => void
  /** A question that came to nothing, once for each question. */
  readonly onFailure?: (failure: ReportedFailure) => void
}

/** Names of unknown members are the service's own. */
const MEMBER_LENGTH = 100

/** What a customer is asked for by. */
type Key = 'id' | 'reference' | 'login'

const MEMBERS: Readonly<Record<Key, string>> = { id: 'id', reference: 'customerReference', login: 'email' }

/** Refused as a wrong password is; but a service at another path says this to everybody. */
const NO_SIGN_IN: ShopFailure = { kind: 'status', status: 404 }

/**
 * Customers in the shop's own service (docs/how-to/shop-directory.md). What is read again and again while a token is made
 * is asked for once. An answer
 * counts only when it has the key that was asked for: a service that mixes customers up opens no account
 * but the one that was meant.
 *
 * @throws {ShopServiceError} from look-ups while the service is away, or answers with another customer.
 */
export function createHttpDirectory(deps: HttpDirectoryDeps): HttpDirectory {
  const { service, onProblem = () => {}, onFailure = () => {} } = deps
  const records = createCache(async (path: string) => {
    try {
      const { status, body } = await service.read(path)
      if (status === 404) return undefined
      if (status !== 200) throw new ShopServiceError({ kind: 'status', status })
      return parseRecord(body)
    } catch (error) {
      if (error instanceof ShopServiceError) onFailure({ ...error.failure, question: 'look-up' })
      throw error
    }
  }, REMEMBERED)
  const find = async (path: string, key: Key, value: string) => {
    const record = await records.get(path)
    if (!record || isAsked(record, key, value)) return record && toCustomer(record)
    const failure = { kind: 'another-customer', status: 200, member: MEMBERS[key] } as const
    onFailure({ ...failure, question: 'look-up' })
    throw new ShopServiceError(failure)
  }

  async function signInForRecord(login: string, password: string): Promise<RecordOutcome> {
    try {
      // The shop compares texts: it may know an internationalised domain in the other form.
      for (const form of storedForms(login)) {
        const { status, body } = await service.send('/sign-in', { login: form, password })
        if (status === 200) return recordOf(login, parseRecord(body))
        if (status === 404) onFailure({ ...NO_SIGN_IN, question: 'sign-in' })
        else if (status !== 401) throw new ShopServiceError({ kind: 'status', status })
      }
      return { outcome: 'mismatch' }
    } catch (error) {
      if (!(error instanceof ShopServiceError)) throw error
      onFailure({ ...error.failure, question: 'sign-in' })
      return { outcome: 'unavailable', retryAfterSeconds: error.retryAfterSeconds, isServiceAway: true }
    }
  }

  function recordOf(login: string, record: ShopRecord): RecordOutcome {
    if (isAsked(record, 'login', login)) return { outcome: 'match', record }
    onProblem(record.customerReference, 'the shop service answered a sign-in with another e-mail than the login')
    return { outcome: 'mismatch' }
  }

  return {
    findById: (id) => find(`/customers/${encodeURIComponent(id)}`, 'id', id),
    async findCredentials(id) {
      const customer = await find(`/customers/${encodeURIComponent(id)}`, 'id', id)
      return customer && { customer }
    },
    findByReference: (reference) =>
      find(`/customers?reference=${encodeURIComponent(reference)}`, 'reference', reference),
    async findByLogin(login) {
      for (const form of storedForms(login)) {
        const customer = await find(`/customers?login=${encodeURIComponent(form)}`, 'login', login)
        if (customer) return { customer }
      }
      return undefined
    },
    async setPassword() {
      throw new Error('the shop stores the passwords; change them there')
    },
    replaceHash: async () => {},
    requirePasswordChange: async () => {},
    signInForRecord,
    async signIn(login, password) {
      const signedIn = await signInForRecord(login, password)
      return signedIn.outcome === 'match' ? { outcome: 'match', customer: toCustomer(signedIn.record) } : signedIn
    },
  }
}

function isAsked(record: ShopRecord, key: Key, value: string): boolean {
  switch (key) {
    case 'id':
      return record.id === value.toLowerCase()
    case 'reference':
      return record.customerReference === value
    case 'login':
      return normalizeEmail(record.email) === normalizeEmail(value)
  }
}

function parseRecord(body: unknown): ShopRecord {
  const parsed = shopRecord.safeParse(body)
  if (parsed.success) return parsed.data
  throw new ShopServiceError({ status: 200, ...flawOf(body, parsed.error) })
}

/** Which member of an answer is at fault, and how; its value is somebody's, and stays out. */
function flawOf(body: unknown, { issues: [issue] }: z.ZodError): Pick<ShopFailure, 'kind' | 'member'> {
  const path = issue?.path ?? []
  if (issue?.code === 'unrecognized_keys')
    return { kind: 'unknown-member', member: [...path, issue.keys[0]].join('.').slice(0, MEMBER_LENGTH) }
  const value = path.reduce<unknown>((within, key) => Object(within)[key], body)
  const kind = path.length > 0 && value === undefined ? 'missing-member' : 'wrong-member'
  return { kind, member: path.join('.') || 'shape' }
}

function toCustomer(record: ShopRecord): Customer {
  const { id, idCustomer, customerReference, email, emailVerified = false, status = 'active' } = record
  const { givenName, familyName, locale, allowsSupport } = record
  return {
    id,
    idCustomer,
    customerReference,
    email,
    emailVerified,
    status,
    ...(givenName && { givenName }),
    ...(familyName && { familyName }),
    ...(locale && { locale }),
    ...(allowsSupport && { allowsSupport }),
    companyUsers: (record.companyUsers ?? []).map(toCompanyUser),
  }
}

function toCompanyUser(
  companyUser: NonNullable<ImportRecord['companyUsers']>[number],
): Customer['companyUsers'][number] {
  const { company, roles, businessUnit, ...rest } = companyUser
  return {
    ...rest,
    company: { ...company, status: company.status ?? 'approved' },
    ...(businessUnit && { businessUnit }),
    roles: roles.map((role) => ({
      id: role.id ?? role.name,
      name: role.name,
      permissions: role.permissions.map(({ key, idPermission, configuration, configurationSignature }) => ({
        ...(typeof idPermission === 'number' && { idPermission }),
        key,
        configuration: configuration ?? {},
        configurationSignature: configurationSignature ?? [],
      })),
    })),
  }
}
