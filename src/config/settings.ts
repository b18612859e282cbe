import type { z } from 'zod'
import { brandSettings } from './brand-settings.ts'
import { cibaSettings } from './ciba-settings.ts'
import { clientSettings } from './client-settings.ts'
import { customerSettings } from './customer-settings.ts'
import { dialectSettings } from './dialect-settings.ts'
import { keySettings } from './key-settings.ts'
import { mandateSettings } from './mandate-settings.ts'
import { operationSettings } from './operation-settings.ts'
import { passkeySettings } from './passkey-settings.ts'
import { serverSettings } from './server-settings.ts'
import { supportSettings } from './support-settings.ts'

/** Every setting once. `docs/configuration.md` and `vestibule config` are made from this table. */
export const settings = {
  ...serverSettings,
  ...brandSettings,
  ...keySettings,
  ...clientSettings,
  ...dialectSettings,
  ...customerSettings,
  ...passkeySettings,
  ...cibaSettings,
  ...supportSettings,
  ...mandateSettings,
  ...operationSettings,
} as const

export type SettingName = keyof typeof settings
type Values = { [Name in SettingName]: z.output<(typeof settings)[Name]['type']> }
type Optional = {
  [Name in SettingName]: (typeof settings)[Name] extends { default: string } ? never : Name
}[SettingName]

/** What the rest of the program reads, already parsed. Settings without a default may be absent. */
export type Config = Readonly<Omit<Values, Optional> & Partial<Pick<Values, Optional>>>
