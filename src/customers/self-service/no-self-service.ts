import type { Authenticate } from '../authenticate.ts'
import type { Directory } from '../directory.ts'
import type { RegistrationKeys } from '../recovery/registration-keys.ts'
import { createCheckPassword } from './check-password.ts'
import { unavailable } from './outcomes.ts'
import type { SelfService } from './self-service.ts'

type NoSelfServiceDeps = {
  readonly checkLogin: Authenticate
  readonly registrationKeys: Pick<RegistrationKeys, 'confirm'>
  readonly directory: Pick<Directory, 'findById'>
}

/** Where the shop keeps its customers: passwords are checked, and keys that were made here confirm. */
export function createNoSelfService({ registrationKeys, directory, checkLogin }: NoSelfServiceDeps): SelfService {
  const refuse = async () => unavailable('shop-keeps-customers')
  return {
    register: refuse,
    isAddressFree: refuse,
    requestConfirmation: refuse,
    async confirm(key, email) {
      const id = await registrationKeys.confirm(key, email)
      return id === undefined ? undefined : directory.findById(id)
    },
    find: async () => undefined,
    checkPassword: createCheckPassword({ checkLogin }),
    changePassword: refuse,
    setPassword: refuse,
    requestPasswordReset: refuse,
    resetPassword: refuse,
    changeEmail: refuse,
    isResetKey: async () => false,
    findOrMakeVouched: refuse,
    findNamed: refuse,
    issueResetKey: refuse,
    issueConfirmationKey: refuse,
    changeProfile: refuse,
    erase: refuse,
    search: refuse,
  }
}
