import { auditPages } from './audit-pages.ts'
import { clientPages } from './client-pages.ts'
import { keyPages } from './key-pages.ts'
import { overviewPage } from './overview-page.ts'
import type { ConsolePage } from './page.ts'

/** Every page of the console but the sign-in. */
export const PAGES: readonly ConsolePage[] = [overviewPage, ...keyPages, ...clientPages, ...auditPages]
