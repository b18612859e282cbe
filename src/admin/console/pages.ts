import { auditPages } from './audit-pages.ts'
import { clientGrantPages } from './client-grant-pages.ts'
import { clientPages } from './client-pages.ts'
import { customerPages } from './customers/customer-pages.ts'
import { mandatePages } from './customers/mandate-pages.ts'
import { supportAccessPages } from './customers/support-access-pages.ts'
import { keyPages } from './key-pages.ts'
import { lockoutPages } from './lockout-pages.ts'
import { outboxPages } from './outbox-pages.ts'
import { overviewPage } from './overview-page.ts'
import type { ConsolePage } from './page.ts'
import { passwordPage } from './password-page.ts'
import { clientDocumentPages } from './providers/client-document-pages.ts'
import { issuerPages } from './providers/issuer-pages.ts'
import { secondFactorPage } from './second-factor-page.ts'
import { tokenPages } from './token-pages.ts'
import { usePages } from './use-pages.ts'

/** Every page of the console but the sign-in. */
export const PAGES: readonly ConsolePage[] = [
  overviewPage,
  ...keyPages,
  ...clientPages,
  ...clientGrantPages,
  ...clientDocumentPages,
  ...issuerPages,
  ...customerPages,
  ...tokenPages,
  ...supportAccessPages,
  ...mandatePages,
  ...lockoutPages,
  ...outboxPages,
  ...auditPages,
  ...usePages,
  passwordPage,
  secondFactorPage,
]
