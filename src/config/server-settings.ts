import { z } from 'zod'
import { isNetwork } from './network.ts'
import { bearerToken, days, flag, headerName, list, listOrNone, origin, port, type Setting, url } from './setting.ts'

/** Where the server listens, and where it keeps what it knows. */
export const serverSettings = {
  ISSUER: {
    type: origin,
    default: 'http://localhost:4000',
    sentence: 'The public address of this server, exactly as clients and tokens see it. Unset: localhost at PORT.',
  },
  PORT: { type: port, default: '4000', sentence: 'Port of the public listener; 0 means any free port.' },
  HOST: { type: z.string().min(1), default: '0.0.0.0', sentence: 'Address the public listener binds to.' },
  ADMIN_PORT: { type: port, default: '4001', sentence: 'Port of the admin listener; 0 means any free port.' },
  ADMIN_HOST: {
    type: z.string().min(1),
    default: '127.0.0.1',
    sentence: 'Address the admin listener binds to; keep it on loopback or a private network.',
  },
  ADMIN_HOSTS: {
    type: list,
    default: '',
    sentence:
      'Host names at which the admin listener answers beside IP addresses, localhost and ADMIN_HOST, comma separated: that of a proxy or a container.',
  },
  ADMINISTRATOR_SECOND_FACTOR: {
    type: z.enum(['optional', 'required']),
    default: 'optional',
    sentence:
      'Whether administrators need a second factor to sign in. With required, an administrator without one may only set one up; admin tokens are not concerned.',
  },
  ADMIN_URL: {
    type: origin,
    sentence: 'For the command line: the address of the admin listener of a remote server.',
  },
  ADMIN_TOKEN: {
    type: list
      .refine((tokens) => tokens.length > 0 && tokens.every((token) => token.length >= 16), {
        message:
          'must be at least 16 characters, each if there are several; "openssl rand -base64 32" makes a good one',
      })
      .pipe(z.array(bearerToken)),
    secret: true,
    sentence:
      'A token for the admin API with the role owner. Several are separated by commas: all work, and the command line sends the first. Unset: each start creates one and saves it in DATA_DIR for the command line.',
  },
  DYNAMIC_REGISTRATION: {
    type: z.enum(['off', 'token', 'open']),
    default: 'off',
    sentence:
      'Whether software may register itself as a client at /register (RFC 7591): not at all (off), with a token of an operator (token), or all ' +
      'software (open). Such clients are public, people are always asked for consent, and unused ones are removed.',
  },
  DYNAMIC_REGISTRATION_SCOPES: {
    type: listOrNone,
    sentence:
      'Scopes of resource servers that software which registers itself may ask for, comma separated; * at the end of one matches the rest, none is no scope. ' +
      'Unset: the offered scopes of the moment of its registration, but those that end in :manage. A token can allow others.',
  },
  DYNAMIC_REGISTRATION_IDLE_DAYS: {
    type: days,
    default: '90',
    sentence:
      'Days without a new token after which a client that registered itself is removed. One that got none at all is removed after a day.',
  },
  TRUSTED_PROXIES: {
    type: list.refine(
      (items) => items.every(isNetwork),
      'must be IP addresses or CIDR ranges such as 10.0.0.0/24, comma separated; a range of everything would believe every visitor',
    ),
    default: '',
    sentence:
      'Addresses and CIDR ranges of proxies whose X-Forwarded-For and X-Forwarded-Proto headers are used, comma separated.',
  },
  FAST_PATH: {
    type: flag,
    default: 'true',
    sentence:
      'Whether the commonest requests are answered before the protocol engine sees them, by the same rules and with the same answers.',
  },
  DPOP_NONCES: {
    type: z.enum(['optional', 'required']),
    default: 'optional',
    sentence:
      'Whether DPoP proofs need a nonce of this server (RFC 9449 §8). Nonces are given out in any case, and a proof that is too old is told to use one.',
  },
  MTLS_CERTIFICATE_HEADER: {
    type: headerName,
    sentence:
      'The header in which a proxy of TRUSTED_PROXIES sends the client certificate, for client authentication and bound tokens (RFC 8705). Unset: both are switched off.',
  },
  MTLS_VERIFIED_HEADER: {
    type: headerName,
    sentence:
      'The header in which the proxy sends SUCCESS after it verified the certificate against its authorities. Unset: only registered certificates authenticate a client; tls_client_auth is switched off.',
  },
  MTLS_URL: {
    type: origin,
    sentence: 'The address at which the proxy asks for client certificates. Unset: ISSUER.',
  },
  DATA_DIR: {
    type: z.string().min(1),
    default: './data',
    sentence: 'The directory of the embedded database and storage, and of files for the command line and unsent mails.',
  },
  DATABASE_URL: {
    type: url('postgres', 'postgresql'),
    secret: true,
    sentence:
      'Postgres for customers, clients and other long-lived data. Of several hosts (HOST:PORT,HOST:PORT) the server uses ' +
      'the one that accepts writes. Unset: embedded PGlite in DATA_DIR.',
  },
  REDIS_URL: {
    type: url('redis', 'rediss', 'redis+sentinel', 'rediss+sentinel', 'redis+cluster', 'rediss+cluster'),
    secret: true,
    sentence:
      'Redis 7 or later for sessions, grants, codes and counters: redis://HOST:PORT/DB, ' +
      'redis+sentinel://HOST:PORT,HOST:PORT/NAME/DB or redis+cluster://HOST:PORT,HOST:PORT (rediss… for TLS). ' +
      'Unset: they are stored in Postgres, or without DATABASE_URL in the file storage.sqlite in DATA_DIR.',
  },
} as const satisfies Record<string, Setting>
