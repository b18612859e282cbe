import { z } from 'zod'
import { flag, list, type Setting, seconds, url } from './setting.ts'

/** Signing keys, and the secrets that are not the server's own. */
export const keySettings = {
  KEYS_URL: {
    type: url('file', 'sql'),
    default: 'file:./keys',
    sentence: 'Where signing keys are stored: a directory, or "sql:" for the database. Several machines need "sql:".',
  },
  KEY_ROTATION: { type: flag, default: 'true', sentence: 'Rotates signing keys on schedule.' },
  KEY_ROTATION_SECONDS: {
    type: seconds,
    default: '7776000',
    sentence: 'How long a signing key signs; the default is 90 days.',
  },
  KEY_PROPAGATION_SECONDS: {
    type: seconds,
    default: '1209600',
    sentence: 'How long a signing key is published before it signs; the default is 14 days.',
  },
  JWKS_CACHE_SECONDS: { type: seconds, default: '300', sentence: 'How long verifiers may cache the key set.' },
  REVOCATION_FEED: {
    type: flag,
    default: 'true',
    sentence: 'Whether /revocations tells everybody who may read the key set which tokens and sign-ins ended.',
  },
  REVOCATION_FEED_TTL_SECONDS: {
    type: seconds.max(3600),
    default: '10',
    sentence:
      'How often readers of /revocations ask. A revocation reaches them within one and a half times as long; a signed page is good for three times as long.',
  },
  STATUS_LIST_TTL_SECONDS: {
    type: seconds.max(3600),
    default: '60',
    sentence:
      'How long verifiers may keep a status list, of resource servers with status_list. A list is good for three times as long.',
  },
  SIGNING_ALGORITHMS: {
    type: list
      .pipe(z.array(z.enum(['ES256', 'RS256', 'PS256', 'EdDSA'])))
      .refine((algorithms) => algorithms.includes('ES256') && algorithms.includes('RS256'), {
        message: 'must name ES256 and RS256, the algorithms that sign access tokens and ID tokens by default',
      }),
    default: 'ES256,RS256',
    sentence:
      'Algorithms that always have a signing key, comma separated: ES256 and RS256, and optionally PS256 and EdDSA.',
  },
  SIGNER_URL: {
    type: url('pkcs11', 'vault'),
    sentence:
      'A PKCS#11 token or Vault that creates and uses the private keys. Unset: private keys are stored at KEYS_URL.',
  },
  SIGNER_SECRET: { type: z.string().min(1), secret: true, sentence: 'The PIN or token for SIGNER_URL.' },
  KEY_ENCRYPTION_KEY: {
    type: z.string().min(16, 'must be at least 16 characters; "openssl rand -base64 32" makes a good one'),
    secret: true,
    sentence:
      'Encrypts stored private signing keys. Several keys are separated by commas: the first encrypts, all decrypt. Unset: only file permissions protect the keys.',
  },
  COOKIE_KEYS: {
    type: list.refine((keys) => keys.length > 0 && keys.every((key) => key.length >= 16), {
      message: 'must be a comma-separated list of keys of at least 16 characters each',
    }),
    secret: true,
    sentence:
      'Keys that sign cookies, newest first, comma separated. Unset: the server creates one and stores it in the database.',
  },
} as const satisfies Record<string, Setting>
