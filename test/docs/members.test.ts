import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { clientsPage } from '../../src/cli/reference/clients-page.ts'
import { issuersPage } from '../../src/cli/reference/issuers-page.ts'
import { memberRows } from '../../src/cli/reference/members.ts'
import { resourceServersPage } from '../../src/cli/reference/resource-servers-page.ts'
import { upstreamsPage } from '../../src/cli/reference/upstreams-page.ts'
import { clientMembers } from '../../src/clients/client-schema.ts'
import { resourceServerMembers } from '../../src/clients/resource-server-schema.ts'
import { issuerMembers } from '../../src/issuers/issuer-schema.ts'
import { upstreamMembers } from '../../src/upstreams/upstream-schema.ts'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))

test.each([
  ['clients', clientsPage],
  ['resource-servers', resourceServersPage],
  ['upstreams', upstreamsPage],
  ['issuers', issuersPage],
])('docs/%s.md says what the schema says', (what, madePage) => {
  const page = readFileSync(join(ROOT, `docs/${what}.md`), 'utf8')
  expect(page, `Run "npx vestibule ${what} members --markdown > docs/${what}.md".`).toBe(madePage())
})

test.each([
  ...memberRows(clientMembers),
  ...memberRows(resourceServerMembers),
  ...memberRows(upstreamMembers),
  ...memberRows(issuerMembers),
])('$name has a sentence that an operator can use', ({ sentence }) => {
  expect(sentence).toMatch(/^["A-Z].*\.$/)
})
