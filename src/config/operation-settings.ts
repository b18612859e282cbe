import { z } from 'zod'
import { count, flag, origin, pairs, type Setting, seconds, secondsOrNone } from './setting.ts'

/** What operators see of it, and how it starts and stops. */
export const operationSettings = {
  LOG_LEVEL: {
    type: z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']),
    default: 'info',
    sentence: 'How much is logged.',
  },
  OTEL_EXPORTER_OTLP_ENDPOINT: {
    type: origin,
    sentence: 'An OpenTelemetry collector that traces are sent to, by OTLP over HTTP. Unset: nothing is traced.',
  },
  OTEL_EXPORTER_OTLP_HEADERS: {
    type: pairs,
    secret: true,
    sentence: 'What the collector wants to be sent with the traces, as name=value, comma separated.',
  },
  TRACES_RATIO: {
    type: z.coerce.number().min(0).max(1),
    default: '1',
    sentence: 'The part of traces that is sent, from 0 to 1, of those that begin here.',
  },
  DEMO: {
    type: flag,
    default: 'true',
    sentence: 'Loads demo customers and clients when a new embedded data directory is made. Never in production.',
  },
  AUDIT_RETENTION_DAYS: { type: count, default: '400', sentence: 'How long audit entries are kept.' },
  AUDIT_STREAM: {
    type: z.enum(['log', 'stdout', 'none']),
    default: 'log',
    sentence:
      'Where audit events are written besides the database: among the log lines as they happen, on standard output with ' +
      'their place and hash once they are kept (whatever LOG_LEVEL says), or nowhere.',
  },
  AUDIT_WEBHOOK_URL: {
    type: z.url({ protocol: /^https?$/ }),
    sentence: 'Sent every audit entry, in order and at least once.',
  },
  AUDIT_WEBHOOK_SECRET: {
    type: z.string().min(16, 'must be at least 16 characters; "openssl rand -base64 32" makes a good one'),
    secret: true,
    sentence: 'Signs what AUDIT_WEBHOOK_URL is sent (HMAC-SHA256).',
  },
  SHUTDOWN_DEADLINE_SECONDS: {
    type: seconds,
    default: '20',
    sentence: 'How long requests in flight may take to finish after a stop signal.',
  },
  SHUTDOWN_GRACE_SECONDS: {
    type: secondsOrNone,
    default: '0',
    sentence:
      'How long a server that was told to stop goes on taking requests, with /health/ready at 503, so that balancers turn elsewhere first. 5 where one looks every second or two.',
  },
  WORKERS: {
    type: z.union([z.literal('auto'), count], 'must be "auto" or a positive number'),
    default: '1',
    sentence:
      'Processes that serve the same ports: a number, or "auto" for one per core. Several need DATABASE_URL; the embedded database is for one.',
  },
  NODE_ENV: {
    type: z.string(),
    default: 'development',
    sentence: 'Set to production to refuse demo data and weak settings.',
  },
} as const satisfies Record<string, Setting>
