import { z } from 'zod'

const text = z.string().min(1).max(1024)

const email = z.looseObject({ format: z.literal('email'), email: text })
const opaque = z.looseObject({ format: z.literal('opaque'), id: text })
const issSub = z.looseObject({ format: z.literal('iss_sub'), iss: text, sub: text })
const phoneNumber = z.looseObject({ format: z.literal('phone_number'), phone_number: text })
const account = z.looseObject({ format: z.literal('account'), uri: text })
const did = z.looseObject({ format: z.literal('did'), url: text })
const uri = z.looseObject({ format: z.literal('uri'), uri: text })

const SINGLE = [email, opaque, issSub, phoneNumber, account, did, uri] as const
const single = z.discriminatedUnion('format', [...SINGLE])

/** More would be a way to look up many people at once. */
const MOST_ALIASES = 20
const aliases = z.looseObject({ format: z.literal('aliases'), identifiers: z.array(single).min(1).max(MOST_ALIASES) })

const jwtId = z.looseObject({ format: z.literal('jwt_id'), iss: text, jti: text })
const samlAssertionId = z.looseObject({ format: z.literal('saml_assertion_id'), issuer: text, assertion_id: text })
const ipAddresses = z.looseObject({ format: z.literal('ip-addresses'), 'ip-addresses': z.array(text).min(1).max(100) })
const part = z.discriminatedUnion('format', [...SINGLE, jwtId, samlAssertionId, ipAddresses, aliases])

/** The members that a complex subject may have (SSF 1.0 §3.2). */
const COMPLEX_MEMBERS = ['user', 'device', 'session', 'application', 'tenant', 'org_unit', 'group'] as const
const complexParts = Object.fromEntries(COMPLEX_MEMBERS.map((name) => [name, part.optional()])) as {
  [Name in (typeof COMPLEX_MEMBERS)[number]]: z.ZodOptional<typeof part> // one entry for each name
}
const complex = z
  .looseObject({ format: z.literal('complex'), ...complexParts })
  .refine((given) => COMPLEX_MEMBERS.some((name) => given[name] !== undefined), 'a complex subject needs a member')

/** Names one person in one way (RFC 9493 §3.2). */
export type SingleIdentifier = z.output<typeof single>
/** Names a person, in one way or several (RFC 9493). */
export type PersonIdentifier = SingleIdentifier | z.output<typeof aliases>
/** Names a person, a company, one sign-in or a person within a company (SSF 1.0 §3). */
export type SubjectIdentifier = z.output<typeof part> | z.output<typeof complex>

const person = z.discriminatedUnion('format', [...SINGLE, aliases])
const subject = z.union([complex, part])

/** Reads who is meant. Undefined for a format that is unknown, and for one whose members are missing. */
export function readPersonIdentifier(value: unknown): PersonIdentifier | undefined {
  return person.safeParse(value).data
}

/** The same for everything that an event can be about. */
export function readSubjectIdentifier(value: unknown): SubjectIdentifier | undefined {
  return subject.safeParse(value).data
}

/** Each of the ways in which a person is named. */
export function identifiersIn(identifier: PersonIdentifier): readonly SingleIdentifier[] {
  return identifier.format === 'aliases' ? identifier.identifiers : [identifier]
}

/** The address that an identifier says, by `email`, `acct:` (RFC 7565) or `mailto:`; undefined where it says none. */
export function addressIn(identifier: SingleIdentifier): string | undefined {
  if (identifier.format === 'email') return identifier.email
  if (identifier.format === 'account') return /^acct:(.+@.+)$/i.exec(identifier.uri)?.[1]
  return identifier.format === 'uri' ? /^mailto:(.+@[^?]+)/i.exec(identifier.uri)?.[1] : undefined
}
