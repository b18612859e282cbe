import type { Config } from '../config.ts'
import { signerOf } from '../keys/schedule/rotation.ts'
import type { SigningKey } from '../keys/signing-key.ts'
import type { Backends } from './backends.ts'

/** Figures that are looked up whenever metrics are collected. */
export function openGauges(config: Config, backends: Backends, isReady: () => Promise<boolean>): void {
  const { metrics, keyRing, keyUsage, passwords, auditTrail, auditWebhook } = backends
  const { gauge, gauges } = metrics
  const secondsSince = ({ since }: SigningKey) => Math.max(0, Date.now() / 1000 - since)

  gauge('vestibule_ready', 'Whether this node can do its work now.', 'min', async () => Number(await isReady()))
  gauges('vestibule_password_queue', 'Passwords being hashed and waiting for it.', 'state', 'sum', () =>
    Object.entries(passwords.depth()),
  )
  gauges('vestibule_signing_keys', 'Published signing keys by state.', 'state', 'max', () =>
    (['pending', 'active', 'retired'] as const).map(
      (state) => [state, keyRing.keys().filter((key) => key.state === state).length] as const,
    ),
  )
  gauges(
    'vestibule_signing_key_age_seconds',
    'For how long the key has signed, by algorithm.',
    'algorithm',
    'max',
    () => signers(keyRing.keys()).map((key) => [key.algorithm, secondsSince(key)] as const),
  )
  gauges(
    'vestibule_signing_key_rotation_seconds',
    'Seconds until the signing key is due to be replaced, by algorithm; below zero when it is overdue.',
    'algorithm',
    'min',
    () =>
      signers(keyRing.keys()).map((key) => [key.algorithm, config.KEY_ROTATION_SECONDS - secondsSince(key)] as const),
  )
  gauge(
    'vestibule_key_verifiers_behind',
    'Verifiers of the last 30 days that lack a published key.',
    'max',
    async () => {
      const reports = await keyUsage.report(keyRing.keys().map(({ kid }) => kid))
      const behind = reports.flatMap(({ verifiersBehind }) => verifiersBehind)
      return new Set(behind.map(({ verifier, address }) => `${verifier} ${address}`)).size
    },
  )
  gauge('vestibule_key_store_followed', 'Whether the key store could be read at the last look.', 'min', () =>
    keyRing.problem() === undefined ? 1 : 0,
  )
  gauge(
    'vestibule_audit_waiting',
    'Audit events of this node that are not in the database yet.',
    'sum',
    auditTrail.waiting,
  )
  gauge(
    'vestibule_audit_webhook_behind',
    'Audit entries that AUDIT_WEBHOOK_URL did not take yet.',
    'max',
    () => auditWebhook?.behind() ?? 0,
  )
}

function signers(keys: readonly SigningKey[]): SigningKey[] {
  const algorithms = [...new Set(keys.map(({ algorithm }) => algorithm))]
  return algorithms.flatMap((algorithm) => signerOf(keys.filter((key) => key.algorithm === algorithm)) ?? [])
}
