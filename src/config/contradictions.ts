import { DIALECT_NAMES } from './dialect-settings.ts'
import { isLoopbackIssuer } from './issuer.ts'
import { isPlaceholder } from './placeholders.ts'
import type { Config, SettingName } from './settings.ts'

/** What is wrong with settings that are each right: a sentence with the fix for each. */
export function contradictions(config: Config): string[] {
  return [
    ...brandContradictions(config),
    ...dialectContradictions(config),
    ...customerContradictions(config),
    ...passkeyContradictions(config),
    ...webhookContradictions(config),
    ...documentContradictions(config),
    ...registrationContradictions(config),
    ...workerContradictions(config),
    ...mutualTlsContradictions(config),
    ...(config.NODE_ENV === 'production' ? productionNeeds(config) : []),
  ]
}

function brandContradictions({ BRAND_LOGO, BRAND_LOGO_DARK }: Config): string[] {
  if (BRAND_LOGO_DARK === undefined || BRAND_LOGO !== undefined) return []
  return ['BRAND_LOGO_DARK is set without BRAND_LOGO. Set BRAND_LOGO too, for light pages, or unset BRAND_LOGO_DARK.']
}

/** A name that is no dialect has a message of its own. */
function dialectContradictions({ DIALECTS, DIALECT_CLIENTS }: Config): string[] {
  return DIALECT_NAMES.filter((name) => DIALECTS.includes(name) && !DIALECT_CLIENTS.has(name)).map(
    (name) =>
      `DIALECTS names "${name}", and DIALECT_CLIENTS has no entry for it. Add ${name}=CLIENT_ID to DIALECT_CLIENTS ("npx vestibule clients create CLIENT_ID --preset dialect" makes such a client), or take ${name} out of DIALECTS; DIALECTS=none serves none.`,
  )
}

function documentContradictions({ CLIENT_METADATA_DOCUMENTS: mode, CLIENT_METADATA_HOSTS: hosts }: Config): string[] {
  if (mode === 'listed' && hosts.length === 0)
    return [
      'CLIENT_METADATA_DOCUMENTS is listed and CLIENT_METADATA_HOSTS is empty: no document is let in. Name hosts there, or set CLIENT_METADATA_DOCUMENTS to off.',
    ]
  if (mode !== 'off' || hosts.length === 0) return []
  return [
    'CLIENT_METADATA_HOSTS is set and CLIENT_METADATA_DOCUMENTS is off. Set that to listed or open, or unset CLIENT_METADATA_HOSTS.',
  ]
}

function registrationContradictions({ DYNAMIC_REGISTRATION, DYNAMIC_REGISTRATION_SCOPES: scopes }: Config): string[] {
  if (DYNAMIC_REGISTRATION !== 'off' || scopes === undefined) return []
  return [
    'DYNAMIC_REGISTRATION_SCOPES is set and DYNAMIC_REGISTRATION is off. Set DYNAMIC_REGISTRATION to token or open, or unset DYNAMIC_REGISTRATION_SCOPES.',
  ]
}

function workerContradictions({ WORKERS, DATABASE_URL }: Config): string[] {
  if (WORKERS === 'auto' || WORKERS === 1 || DATABASE_URL) return []
  return [
    `WORKERS is ${WORKERS} and DATABASE_URL is unset: the embedded database allows one process. Set DATABASE_URL, or set WORKERS to 1.`,
  ]
}

function mutualTlsContradictions(config: Config): string[] {
  const { MTLS_CERTIFICATE_HEADER: header, MTLS_VERIFIED_HEADER, MTLS_URL, TRUSTED_PROXIES } = config
  if (!header) {
    const useless = Object.entries({ MTLS_VERIFIED_HEADER, MTLS_URL }).filter(([, value]) => value !== undefined)
    return useless.map(([name]) => `${name} is set without MTLS_CERTIFICATE_HEADER. Set that too, or unset ${name}.`)
  }
  if (TRUSTED_PROXIES.length > 0) return []
  return [
    'MTLS_CERTIFICATE_HEADER needs TRUSTED_PROXIES: without it, clients could forge that header. Set TRUSTED_PROXIES to the addresses of your proxies.',
  ]
}

function webhookContradictions(config: Config): string[] {
  return (['SIGN_IN_WEBHOOK', 'AUDIT_WEBHOOK', 'CUSTOMER_WEBHOOK', 'CIBA_DELIVERY'] as const)
    .filter((name) => config[`${name}_URL`] && !config[`${name}_SECRET`])
    .map(
      (name) =>
        `${name}_URL needs ${name}_SECRET: with it, the receiver checks that a call comes from this server. Set it to at least 16 characters.`,
    )
}

function customerContradictions(config: Config): string[] {
  const { PASSWORD_MIN_LENGTH: min, PASSWORD_MAX_LENGTH: max, SHOP_DIRECTORY_URL, LEGACY_DIRECTORY_URL } = config
  const needsFactor = config.SECOND_FACTOR === 'required' ? 'SECOND_FACTOR' : 'SECOND_FACTOR_ROLES'
  return [
    ...(SHOP_DIRECTORY_URL && (config.SECOND_FACTOR === 'required' || config.SECOND_FACTOR_ROLES.length > 0)
      ? [
          `${needsFactor} asks for second factors, and SHOP_DIRECTORY_URL leaves customers in the shop, where they have none. Unset ${needsFactor}, or let customers move to this server with LEGACY_DIRECTORY_URL.`,
        ]
      : []),
    ...(SHOP_DIRECTORY_URL && LEGACY_DIRECTORY_URL
      ? [
          'SHOP_DIRECTORY_URL and LEGACY_DIRECTORY_URL are both set. Keep SHOP_DIRECTORY_URL if customers stay in the shop, or LEGACY_DIRECTORY_URL if they move to this server.',
        ]
      : []),
    ...(max < Math.max(min, 64)
      ? [`PASSWORD_MAX_LENGTH is ${max}. Set it to at least 64, and not below PASSWORD_MIN_LENGTH (${min}).`]
      : []),
  ]
}

function passkeyContradictions({ PASSKEY_RP_ID: id, ISSUER }: Config): string[] {
  const { hostname } = new URL(ISSUER)
  if (id === undefined || id === 'none' || hostname === id || hostname.endsWith(`.${id}`)) return []
  return [
    `PASSKEY_RP_ID is ${id}, and the host of ISSUER is ${hostname}: browsers make passkeys for that host or a parent of it. Set PASSKEY_RP_ID to one of them, or unset it.`,
  ]
}

function productionNeeds(config: Config): string[] {
  return [
    ...(config.ISSUER.startsWith('http:') && !isLoopbackIssuer(config.ISSUER)
      ? [`ISSUER is ${config.ISSUER}: production needs https. Put a TLS proxy in front and set ISSUER to its address.`]
      : []),
    ...(config.REGISTRATION === 'open' && !config.MAIL_URL
      ? [
          'REGISTRATION is open and MAIL_URL is unset: new customers could not confirm their e-mail address. Set MAIL_URL, or set REGISTRATION to closed.',
        ]
      : []),
    ...(config.COOKIE_KEYS ? [] : ['COOKIE_KEYS is unset: production needs one. "openssl rand -base64 32" makes one.']),
    ...(config.KEY_ENCRYPTION_KEY
      ? []
      : ['KEY_ENCRYPTION_KEY is unset: production needs one. "openssl rand -base64 32" makes one; keep a copy.']),
    ...placeholders(config),
  ]
}

/** Secrets that are chosen for this server alone. */
const OWN_SECRETS = [
  'ADMIN_TOKEN',
  'COOKIE_KEYS',
  'KEY_ENCRYPTION_KEY',
  'SIGN_IN_WEBHOOK_SECRET',
  'AUDIT_WEBHOOK_SECRET',
  'CUSTOMER_WEBHOOK_SECRET',
  'SHOP_DIRECTORY_TOKEN',
  'LEGACY_DIRECTORY_TOKEN',
] as const satisfies readonly SettingName[]

function placeholders(config: Config): string[] {
  return OWN_SECRETS.filter((name) =>
    [config[name] ?? []].flat().some((value) => value.split(',').some(isPlaceholder)),
  ).map((name) => `${name} is a placeholder that others can guess. "openssl rand -base64 32" makes a good one.`)
}
