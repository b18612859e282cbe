import { z } from 'zod'
import { isNetwork } from './network.ts'
import {
  count,
  daysOrNone,
  flag,
  list,
  listOrNone,
  origin,
  pairs,
  type Setting,
  seconds,
  secondsOrNone,
} from './setting.ts'

/** What operators see of it, and how it starts and stops. */
export const operationSettings = {
  LOG_LEVEL: {
    type: z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']),
    default: 'info',
    sentence: 'The lowest level of log lines that are written.',
  },
  OTEL_EXPORTER_OTLP_ENDPOINT: {
    type: origin,
    sentence: 'The OpenTelemetry collector that receives traces by OTLP over HTTP. Unset: no traces.',
  },
  OTEL_EXPORTER_OTLP_HEADERS: {
    type: pairs,
    secret: true,
    sentence: 'Headers for the collector, as name=value, comma separated.',
  },
  TRACES_RATIO: {
    type: z.coerce.number().min(0).max(1),
    default: '1',
    sentence: 'The part of the traces started by this server that is sent, from 0 to 1.',
  },
  OUTGOING_ALLOWED_NETWORKS: {
    type: listOrNone.refine(
      (items) => items.every(isNetwork),
      'must be none, or IP addresses and CIDR ranges such as 10.0.0.0/24, comma separated',
    ),
    sentence:
      'Networks that the server may call, also without TLS, where an address comes from others: sign-in providers, keys of clients, and where clients are told of sign-outs. ' +
      'Other such calls go by https to public addresses only. Unset: loopback while ISSUER is on loopback, otherwise none.',
  },
  SHARED_SIGNALS_EMAIL_DOMAINS: {
    type: list.refine(
      (domains) => domains.every((domain) => /^[a-z0-9.-]+$/.test(domain)),
      'must be domains in small letters, comma separated',
    ),
    default: '',
    sentence:
      'Domains whose e-mail addresses are given out by the shop itself, comma separated: when such an address of a customer changes, receivers of ' +
      'Shared Signals get identifier-changed. Of other addresses they get recovery-information-changed.',
  },
  DEMO: {
    type: flag,
    default: 'true',
    sentence:
      'Loads demo customers and clients into a new embedded database. Never in production, nor when ISSUER is a public https address.',
  },
  AUDIT_RETENTION_DAYS: { type: count, default: '400', sentence: 'How many days audit entries are kept.' },
  TOKEN_HISTORY_DAYS: {
    type: daysOrNone,
    default: '30',
    sentence:
      'How many days a token stays on record after it expires: when and why it ended, never its value. 0 records no tokens and deletes what is on record.',
  },
  AUDIT_STREAM: {
    type: z.enum(['log', 'stdout', 'none']),
    default: 'log',
    sentence:
      'Where audit events are written besides the database: as log lines when they happen (log), on standard output with ' +
      'sequence number and hash once they are stored, at every LOG_LEVEL (stdout), or nowhere (none).',
  },
  AUDIT_WEBHOOK_URL: {
    type: z.url({ protocol: /^https?$/ }),
    sentence: 'The address that receives every audit entry, in order and at least once.',
  },
  AUDIT_WEBHOOK_SECRET: {
    type: z.string().min(16, 'must be at least 16 characters; "openssl rand -base64 32" makes a good one'),
    secret: true,
    sentence: 'Signs the calls to AUDIT_WEBHOOK_URL (HMAC-SHA256).',
  },
  SHUTDOWN_DEADLINE_SECONDS: {
    type: seconds,
    default: '20',
    sentence: 'How long running requests may take to finish after a stop signal.',
  },
  SHUTDOWN_GRACE_SECONDS: {
    type: secondsOrNone,
    default: '0',
    sentence:
      'How long the server still accepts requests after a stop signal, while /health/ready answers 503, so that load balancers stop sending requests first. Use 5 if the balancer checks every one or two seconds.',
  },
  WORKERS: {
    type: z.union([z.literal('auto'), count], 'must be "auto" or a positive number'),
    default: '1',
    sentence:
      'How many processes serve the same ports: a number, or "auto" for one per core. More than one needs DATABASE_URL.',
  },
  NODE_ENV: {
    type: z.enum(['development', 'test', 'production'], 'must be development, test or production, in small letters'),
    default: 'development',
    sentence: 'Production refuses demo data and weak settings.',
  },
} as const satisfies Record<string, Setting>
