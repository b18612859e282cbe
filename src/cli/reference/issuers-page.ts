import { issuerMembers } from '../../issuers/issuer-schema.ts'
import { memberRows, memberTable } from './members.ts'

/** `docs/issuers.md`, made of the schema that checks trusted issuers, so that the two cannot disagree. */
export function issuersPage(): string {
  return [...INTRODUCTION, ...memberTable(memberRows(issuerMembers)), '', ...REST].join('\n')
}

const INTRODUCTION = `# Trusted issuers

<!-- Made by "npx vestibule issuers members --markdown > docs/issuers.md". Change src/issuers/issuer-schema.ts instead. -->

A trusted issuer is somebody else whose signed statement about a person, an assertion, a client can trade for tokens at \`/token\`
(\`grant_type=urn:ietf:params:oauth:grant-type:jwt-bearer\`, RFC 7523). [Google account linking](how-to/google-account-linking.md)
and [assistants of companies](how-to/assistants-of-companies.md) set them up.

\`add\` does not replace an issuer that exists. \`update\` replaces all members: one that is left out has its default again. In the
admin API \`PUT /v1/issuers/{id}\` needs the \`ETag\` of what was read as \`If-Match\`. A member that is not in this list is refused,
with the name that was probably meant.

## Members
`.split('\n')

const REST = `## The rules of each kind

| an assertion | ucp | id-jag | google-linking | plain |
|---|---|---|---|---|
| header \`typ\` | not that of another kind of JWT | \`oauth-id-jag+jwt\` | as ucp | as ucp |
| \`aud\` | one text | one text, or a list of one | one text | one text, or a list of one |
| \`exp\` | needed | needed | needed | needed |
| \`iat\` | | needed | | |
| \`jti\` | needed, good once | needed, good until \`exp\` | | good once if there is one |
| \`client_id\` | the client, if it is there | the client | | the client, if it is there |
| clients without a proof of their own | yes | no | no | yes |
| refresh token | no | no | if the client may | if the client may |
| access token lives at most | 15 minutes | 15 minutes | as for the client | 15 minutes |

For all of them: a listed issuer that is enabled, a signature by a key that it publishes now, a \`sub\`, a time that is neither past nor
in the future. With \`cnf.jkt\` the request must prove that key by DPoP. An assertion of 16,384 characters is the longest.

Each refusal is \`invalid_grant\`, except: no assertion is \`invalid_request\`, no scope that is left is \`invalid_scope\`, a resource
that is not for the issuer is \`invalid_target\`, a client that may not use the grant type is \`unauthorized_client\`. The audit trail
says the reason (\`assertion.refused\`).

## Whose account it is

Issuer and subject name a person for good. A customer who connected an account at a [sign-in provider](upstreams.md) of the same
issuer is known here; so is a customer whose account was made for the issuer. Nobody else is, whatever address the assertion has.
`.split('\n')
