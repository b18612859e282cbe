import { type AuditTrail, openAuditTrail } from '../audit/trail.ts'
import { type AuditWebhook, openAuditWebhook } from '../audit/webhook.ts'
import type { Config } from '../config.ts'
import type { Database } from '../database/database.ts'
import { currentRequest } from '../http/request-id.ts'
import type { Log } from '../log.ts'
import type { Metrics } from '../metrics.ts'
import type { CloseStep } from './close-step.ts'

/** The trail, and the receiver that is told of it as well. The trail is closed first, then its receiver, both before the database. */
export async function openAudit(
  config: Config,
  log: Log,
  { database: { knex }, metrics }: { database: Database; metrics: Metrics },
  closeSteps: CloseStep[],
): Promise<{ auditTrail: AuditTrail; auditWebhook: AuditWebhook | undefined }> {
  const { AUDIT_WEBHOOK_URL: url, AUDIT_WEBHOOK_SECRET: secret, AUDIT_STREAM: stream } = config
  const auditWebhook = url && secret ? await openAuditWebhook({ knex, log, url, secret }) : undefined
  const auditTrail = openAuditTrail({
    knex,
    log,
    retentionDays: config.AUDIT_RETENTION_DAYS,
    currentRequest,
    onLost: () => metrics.auditLost.inc(),
    ...(stream === 'log' && { onEvent: (event) => log.info({ audit: event }, `audit: ${event.type}`) }),
    onWritten(entries) {
      if (stream === 'stdout')
        for (const entry of entries) process.stdout.write(`${JSON.stringify({ audit: entry })}\n`)
      auditWebhook?.wake()
    },
  })
  closeSteps.push(async () => {
    await auditTrail.close()
    await auditWebhook?.close()
  })
  return { auditTrail, auditWebhook }
}
