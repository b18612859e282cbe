import type { Config } from './settings.ts'

/** What is wrong with settings that are each right: a sentence with the fix for each. */
export function contradictions(config: Config): string[] {
  return [
    ...customerContradictions(config),
    ...webhookContradictions(config),
    ...workerContradictions(config),
    ...mutualTlsContradictions(config),
    ...(config.NODE_ENV === 'production' ? productionNeeds(config) : []),
  ]
}

function workerContradictions({ WORKERS, DATABASE_URL }: Config): string[] {
  if (WORKERS === 'auto' || WORKERS === 1 || DATABASE_URL) return []
  return [
    `WORKERS is ${WORKERS} and DATABASE_URL is unset: the embedded database is for one process. Set DATABASE_URL, or leave WORKERS at 1.`,
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
    'MTLS_CERTIFICATE_HEADER needs TRUSTED_PROXIES: anybody could send that header, and only proxies are believed.',
  ]
}

function webhookContradictions(config: Config): string[] {
  return (['SIGN_IN_WEBHOOK', 'AUDIT_WEBHOOK'] as const)
    .filter((name) => config[`${name}_URL`] && !config[`${name}_SECRET`])
    .map((name) => `${name}_URL needs ${name}_SECRET: who is called must be able to tell our calls from others.`)
}

function customerContradictions(config: Config): string[] {
  const { PASSWORD_MIN_LENGTH: min, PASSWORD_MAX_LENGTH: max, SHOP_DIRECTORY_URL, LEGACY_DIRECTORY_URL } = config
  return [
    ...(SHOP_DIRECTORY_URL && LEGACY_DIRECTORY_URL
      ? [
          'SHOP_DIRECTORY_URL and LEGACY_DIRECTORY_URL are both set: customers stay in the shop or move over. Keep one of them.',
        ]
      : []),
    ...(max < Math.max(min, 64)
      ? [`PASSWORD_MAX_LENGTH is ${max}: people who use sentences need at least 64, and PASSWORD_MIN_LENGTH is ${min}.`]
      : []),
  ]
}

function productionNeeds(config: Config): string[] {
  const issuer = new URL(config.ISSUER)
  const isLoopback = ['localhost', '127.0.0.1', '[::1]'].includes(issuer.hostname)
  return [
    ...(issuer.protocol === 'http:' && !isLoopback
      ? [`ISSUER is ${config.ISSUER}: production needs https. Put a TLS proxy in front and set ISSUER to its address.`]
      : []),
    ...(config.REGISTRATION === 'open' && !config.MAIL_URL
      ? ['REGISTRATION is open without MAIL_URL: nobody could confirm an account. Set MAIL_URL, or close it.']
      : []),
    ...(config.COOKIE_KEYS ? [] : ['COOKIE_KEYS is unset: production needs one. "openssl rand -base64 32" makes one.']),
    ...(config.KEY_ENCRYPTION_KEY
      ? []
      : ['KEY_ENCRYPTION_KEY is unset: production needs one. "openssl rand -base64 32" makes one; keep a copy.']),
  ]
}
