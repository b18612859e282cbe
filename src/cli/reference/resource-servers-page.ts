import { resourceServerMembers } from '../../clients/resource-server-schema.ts'
import { memberRows, memberTable } from './members.ts'

/** `docs/resource-servers.md`, made of the schema that checks resource servers, so that the two cannot disagree. */
export function resourceServersPage(): string {
  return [...INTRODUCTION, ...memberTable(memberRows(resourceServerMembers)), '', ...REST].join('\n')
}

const INTRODUCTION = `# Resource servers

<!-- Made by "npx vestibule resource-servers members --markdown > docs/resource-servers.md". Change src/clients/resource-server-schema.ts instead. -->

A resource server is a service that accepts tokens, or a group of services that accept the same ones. A client names it as
\`resource\` (RFC 8707); a request that names none is for \`DEFAULT_RESOURCE\`, which exists on every database.

\`\`\`sh
cat > returns.json <<'END'
{
  "identifier": "urn:example:returns",
  "format": "jwt",
  "scopes": ["returns:read", "returns:write"],
  "scopeDescriptions": {
    "returns:read": { "en": "See your returns", "de": "Ihre Rücksendungen sehen" },
    "returns:write": { "en": "Send things back for you", "de": "Für Sie Artikel zurücksenden" }
  }
}
END
npx vestibule resource-servers create returns.json
npx vestibule resource-servers show urn:example:returns > returns.json      # change it, and bring it back:
npx vestibule resource-servers update urn:example:returns returns.json
\`\`\`

\`create\` does not replace a resource server that exists. \`update\` replaces all members: one that is left out has its default
again. In the admin API \`PUT /v1/resource-servers/{identifier}\` needs the \`ETag\` of what was read as \`If-Match\`. A member
that is not in this list is refused, with the name that was probably meant. The resource servers of dialects are not changed here.

## Members
`.split('\n')

const REST = `## Software of others

\`is_offered: false\` keeps a service for the shop's own software: to clients without \`first_party\` it is as if it did not exist, and
refresh tokens and codes that they have for it give no more tokens. Access tokens work until they end. If it is the
\`DEFAULT_RESOURCE\`, those clients need a \`default_resource\` of their own.

## What people read about a scope

The page that asks for consent, and the one that connects a device, show each scope in a sentence. The server takes the first
there is of: its description in a language of the person (\`ui_locales\`, then the browser's; \`de\` also serves \`de-CH\`), its
description in English, the text \`scope.NAME\` of the pages, its name. A description is one line of up to 200 characters, shown as
plain text. Write what the person allows, as the rest of "The app would like to: …".
`.split('\n')
