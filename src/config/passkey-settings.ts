import { z } from 'zod'
import { list, type Setting } from './setting.ts'

const DOMAIN = /^(none|[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*)$/
const ANDROID_APP = /^android:apk-key-hash:[\w-]{43}$/

function isOrigin(text: string): boolean {
  return ANDROID_APP.test(text) || (/^https:/.test(text) && URL.canParse(text) && new URL(text).origin === text)
}

/** Passkeys of customers (WebAuthn Level 3). */
export const passkeySettings = {
  PASSKEY_RP_ID: {
    type: z
      .string()
      .regex(DOMAIN, 'must be a domain in small letters, without scheme and port, or none')
      .refine((id) => !/^[\d.]+$/.test(id), 'must be a domain: browsers take no IP address'),
    sentence:
      'The domain that passkeys are made for: the host of ISSUER, or a parent of it. A change makes every passkey useless. ' +
      'With none there are no passkeys. Unset: the host of ISSUER; none where that is an IP address.',
  },
  PASSKEY_ORIGINS: {
    type: list.refine(
      (origins) => origins.every(isOrigin),
      'must be https origins such as https://shop.example, or android:apk-key-hash:… of an app, comma separated',
    ),
    default: '',
    sentence:
      'Origins besides that of ISSUER on which the same passkeys are used, comma separated: other domains of the shop, and Android apps. ' +
      'Browsers read the list at /.well-known/webauthn of PASSKEY_RP_ID.',
  },
} as const satisfies Record<string, Setting>
