import type { Config } from '../config.ts'
import { signerOf } from '../keys/schedule/rotation.ts'
import type { SigningKey } from '../keys/signing-key.ts'
import type { OutboxFigures } from '../outbox/operations.ts'
import type { Backends } from './backends.ts'
import type { SelfRegistrationServices } from './services/unregistered-clients/self-registration.ts'

/** Figures that are looked up whenever metrics are collected. */
export function openGauges(
  config: Config,
  backends: Backends,
  isReady: () => Promise<boolean>,
  { registrations }: SelfRegistrationServices,
): void {
  const { metrics, keyRing, keyUsage, passwords, auditTrail, auditWebhook, customerWebhook } = backends
  const { gauge, gauges } = metrics
  const secondsSince = ({ since }: SigningKey) => Math.max(0, Date.now() / 1000 - since)

  gauge({ name: 'vestibule_ready', help: 'Whether this node is ready to serve: 1 or 0.', of: 'min' }, async () =>
    Number(await isReady()),
  )
  gauges(
    {
      name: 'vestibule_password_queue',
      help: 'Passwords that are being hashed or wait to be hashed, by state.',
      label: 'state',
      of: 'sum',
    },
    () => Object.entries(passwords.depth()),
  )
  gauges({ name: 'vestibule_signing_keys', help: 'Published signing keys by state.', label: 'state', of: 'max' }, () =>
    (['pending', 'active', 'retired'] as const).map(
      (state) => [state, keyRing.keys().filter((key) => key.state === state).length] as const,
    ),
  )
  gauges(
    {
      name: 'vestibule_signing_key_age_seconds',
      help: 'How long the current key has been signing, by algorithm.',
      label: 'algorithm',
      of: 'max',
    },
    () => signers(keyRing.keys()).map((key) => [key.algorithm, secondsSince(key)] as const),
  )
  gauges(
    {
      name: 'vestibule_signing_key_rotation_seconds',
      help: 'Seconds until the signing key must be replaced, by algorithm; negative when it is overdue.',
      label: 'algorithm',
      of: 'min',
    },
    () =>
      signers(keyRing.keys()).map((key) => [key.algorithm, config.KEY_ROTATION_SECONDS - secondsSince(key)] as const),
  )
  gauge(
    { name: 'vestibule_self_registered_clients', help: 'Clients that registered themselves.', of: 'max' },
    registrations.count,
  )
  gauge(
    {
      name: 'vestibule_key_verifiers_behind',
      help: 'Verifiers of the last 30 days that have not fetched every published key.',
      of: 'max',
    },
    async () => {
      const reports = await keyUsage.report(keyRing.keys().map(({ kid }) => kid))
      const behind = reports.flatMap(({ verifiersBehind }) => verifiersBehind)
      return new Set(behind.map(({ verifier, address }) => `${verifier} ${address}`)).size
    },
  )
  gauge(
    {
      name: 'vestibule_key_store_followed',
      help: 'Whether the last read of the key store succeeded: 1 or 0.',
      of: 'min',
    },
    () => (keyRing.problem() === undefined ? 1 : 0),
  )
  gauge(
    { name: 'vestibule_audit_waiting', help: 'Audit events of this node that are not in the database yet.', of: 'sum' },
    auditTrail.waiting,
  )
  gauge(
    {
      name: 'vestibule_audit_webhook_behind',
      help: 'Audit entries that AUDIT_WEBHOOK_URL has not accepted yet.',
      of: 'max',
    },
    () => auditWebhook?.behind() ?? 0,
  )
  gauge(
    {
      name: 'vestibule_customer_webhook_behind',
      help: 'Changes of customers that CUSTOMER_WEBHOOK_URL has not accepted yet.',
      of: 'max',
    },
    () => customerWebhook?.behind() ?? 0,
  )
  outboxGauges(backends)
}

/** Of the one outbox of all nodes: each sees the same. */
function outboxGauges({ metrics: { gauges }, outboxOperations, expanders }: Backends): void {
  const of = 'max'
  const figure = (name: string, help: string, read: (kind: OutboxFigures[number]) => number) =>
    gauges({ name, help, label: 'kind', of }, async () =>
      (await outboxOperations.figures()).map((figures) => [figures.kind, read(figures)] as const),
    )
  figure('vestibule_outbox_waiting', 'Messages that wait to be sent to others, by kind.', ({ waiting }) => waiting)
  figure('vestibule_outbox_dead', 'Messages that are not sent again by themselves, by kind.', ({ dead }) => dead)
  figure(
    'vestibule_outbox_oldest_seconds',
    'How long the oldest message has waited whose receiver is not paused, by kind.',
    ({ oldestSeconds }) => oldestSeconds,
  )
  gauges(
    {
      name: 'vestibule_outbox_expander_behind',
      help: 'Endings that have yet to be turned into messages, by what does it.',
      label: 'expander',
      of,
    },
    expanders.behind,
  )
}

function signers(keys: readonly SigningKey[]): SigningKey[] {
  const algorithms = [...new Set(keys.map(({ algorithm }) => algorithm))]
  return algorithms.flatMap((algorithm) => signerOf(keys.filter((key) => key.algorithm === algorithm)) ?? [])
}
