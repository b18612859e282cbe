import type { RecoveryCodes, RecoveryCodeTable } from '../credentials/recovery-codes.ts'
import type { SecondFactors, SecondFactorTable } from '../credentials/second-factors.ts'

/** Where administrators' second factors and recovery codes are kept. */
export const ADMINISTRATOR_SECOND_FACTORS: SecondFactorTable = {
  name: 'administrator_second_factors',
  personColumn: 'administrator_id',
}
export const ADMINISTRATOR_RECOVERY_CODES: RecoveryCodeTable = {
  name: 'administrator_recovery_codes',
  personColumn: 'administrator_id',
}

/** The second factor of administrators, with the codes for when it is lost. */
export type AdministratorFactors = {
  readonly secondFactors: SecondFactors
  readonly recoveryCodes: RecoveryCodes
  /** Whether every administrator must have one: until then they may do nothing but enrol. */
  readonly areRequired: boolean
}
