import { upstreamMembers } from '../../upstreams/upstream-schema.ts'
import { memberRows, memberTable } from './members.ts'

/** `docs/upstreams.md`, made of the schema that checks upstreams, so that the two cannot disagree. */
export function upstreamsPage(): string {
  return [...INTRODUCTION, ...memberTable(memberRows(upstreamMembers)), '', ...REST].join('\n')
}

const INTRODUCTION = `# Upstreams

<!-- Made by "npx vestibule upstreams members --markdown > docs/upstreams.md". Change src/upstreams/upstream-schema.ts instead. -->

An upstream is a provider at which customers can sign in: Google, Apple, Microsoft Entra, or any other OpenID provider.
[Sign in elsewhere](how-to/sign-in-elsewhere.md) sets them up and says what a sign-in there means here.

\`create\` does not replace an upstream that exists. \`update\` replaces all members: one that is left out has its default again; the
secret stays unless another one is given. In the admin API \`PUT /v1/upstreams/{id}\` needs the \`ETag\` of what was read as
\`If-Match\`. A member that is not in this list is refused, with the name that was probably meant.

## Members
`.split('\n')

const REST = `## The secret

It is given beside the members, on standard input (\`--secret-stdin\`) or as \`secret\` in the admin API. It is the client secret; for
\`apple_key\` and \`private_key_jwt\` it is the private key in PEM (PKCS #8). It is stored sealed, by \`KEY_ENCRYPTION_KEY\` where that
is set, and never shown.

## How far a provider is believed about an e-mail address

| provider | the address opens an account that is made now | the link stays when the account is recovered by mail |
|---|---|---|
| any, address in \`email_domains\` | at once, unless \`email_verified\` is false | yes |
| google, \`gmail.com\` or with \`hd\`, \`email_verified\` | at once | yes |
| google, others, \`email_verified\` | at once | no |
| apple, relay addresses and Apple's own domains | at once | yes |
| apple, others, \`email_verified\` | at once | no |
| entra, \`xms_edov\` | at once | no |
| oidc, \`email_verified\` | at once | no |
| everything else | after a letter to it | no |

No address opens an account that is there already: its owner signs in to it once, and is asked whether to connect the two.
`.split('\n')
