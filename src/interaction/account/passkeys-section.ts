import type { Passkey } from '../../credentials/passkeys/passkey-rows.ts'
import type { CustomerPasskeys } from '../../customers/passkeys/customer-passkeys.ts'
import type { AccountAct, AccountSection, FormState } from './section.ts'
import type { Visit } from './visit.ts'

const NEW = 'security/passkey-new'
const NAME = 'security/passkey-name'
const REMOVE = 'security/passkey-remove'

export type PasskeysSectionDeps = { readonly passkeys: CustomerPasskeys }

/** The customer's passkeys: one more after a fresh sign-in, another name, and removal, which never takes the last way in. */
export function createPasskeysSection({ passkeys }: PasskeysSectionDeps): AccountSection {
  return {
    page: 'security',
    async show({ customer, addressOf }) {
      return {
        template: 'passkeys',
        hasScript: true,
        add: addressOf(NEW),
        signals: await passkeys.signals(customer),
        passkeys: (await passkeys.list(customer.id)).map((passkey) => ({
          ...shown(passkey),
          rename: addressOf(`${NAME}?id=${passkey.id}`),
          remove: addressOf(`${REMOVE}?id=${passkey.id}`),
        })),
      }
    },
    acts: [createAdding(passkeys), createRenaming(passkeys), createRemoving(passkeys)],
  }
}

/** Tells the browser the name and the address of now, where they change: password managers show them beside passkeys. */
export function createPasskeyNames({ passkeys }: PasskeysSectionDeps): AccountSection {
  return {
    page: 'profile',
    async show({ customer }) {
      const signals = await passkeys.signals(customer)
      const hasAny = signals.signalAllAcceptedCredentials.allAcceptedCredentialIds.length > 0
      return hasAny ? { template: 'passkey-names', hasScript: true, signals } : undefined
    },
    acts: [],
  }
}

/** Needs the script: no browser makes a passkey without. */
function createAdding(passkeys: CustomerPasskeys): AccountAct {
  return {
    path: NEW,
    isSensitive: true,
    async open({ customer, session, form }) {
      const options = await passkeys.creationOptions('registration', placeOf(session), customer)
      return { template: 'passkey-new', hasScript: true, ...form(NEW), options }
    },
    async submit({ customer, session, languages }, { credential = '' }) {
      const at = { ceremony: 'registration', place: placeOf(session), languages } as const
      const added = await passkeys.add(customer, credential, at)
      if (added.outcome === 'registered') return { outcome: 'done', notice: 'passkey-new' }
      return { outcome: 'refused', problem: added.reason === 'too-many' ? 'passkey-too-many' : 'passkey-new' }
    },
  }
}

function createRenaming(passkeys: CustomerPasskeys): AccountAct {
  return {
    path: NAME,
    keeps: ['id', 'name'],
    async open(visit, state) {
      const found = await find(passkeys, visit, state)
      return found && { template: 'passkey-name', ...visit.form(NAME), ...shown(found), ...named(state) }
    },
    async submit({ customer }, { id = '', name = '' }) {
      const outcome = await passkeys.rename(customer.id, id, name)
      if (outcome === 'no-name') return { outcome: 'refused', problem: 'passkey-name', fields: ['name'] }
      return outcome === 'renamed' ? { outcome: 'done', notice: 'passkey-name' } : { outcome }
    },
  }
}

function createRemoving(passkeys: CustomerPasskeys): AccountAct {
  return {
    path: REMOVE,
    isSensitive: true,
    keeps: ['id'],
    async open(visit, state) {
      const found = await find(passkeys, visit, state)
      return found && { template: 'passkey-remove', ...visit.form(REMOVE), ...shown(found) }
    },
    async submit({ customer, languages }, { id = '' }) {
      const outcome = await passkeys.remove(customer.id, id, languages)
      if (outcome === 'removed') return { outcome: 'done', notice: 'passkey-remove' }
      return outcome === 'unknown' ? { outcome } : { outcome: 'refused', problem: 'passkey-last', status: 409 }
    },
  }
}

/** A challenge of one session is of no use in another. */
function placeOf({ uid }: Visit['session']): string {
  return `account ${uid}`
}

/** The one that the address names, or the form that is shown again. */
async function find(passkeys: CustomerPasskeys, { ctx, customer }: Visit, { values }: FormState) {
  const id = values.id ?? ctx.query.id
  return (await passkeys.list(customer.id)).find((passkey) => passkey.id === id)
}

function named({ values }: FormState) {
  return values.name === undefined ? {} : { name: values.name }
}

function shown({ id, name, isBackedUp, createdAt, lastUsedAt }: Passkey) {
  const seconds = (date: Date) => date.getTime() / 1000
  return { id, name, isBackedUp, createdAt: seconds(createdAt), lastUsedAt: lastUsedAt && seconds(lastUsedAt) }
}
