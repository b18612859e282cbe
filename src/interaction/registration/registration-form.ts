import { z } from 'zod'
import { isEmailAddress, MAX_EMAIL_LENGTH } from '../../credentials/email.ts'
import type { RegistrationField } from '../page-views.ts'
import type { Form } from '../standalone-forms.ts'

const MAX_NAME = 64

/** Letters, and what stands between them: no address or mark-up that would look odd on an invoice. */
const name = z
  .string()
  .max(MAX_NAME)
  .regex(/^[\p{L}\p{M}][\p{L}\p{M}\p{Pd}\p{Zs}.,'’·]*$/u)

type RegistrationValues = {
  readonly email: string
  readonly givenName: string
  readonly familyName: string
  readonly password: string
}

/** The registration form's fields, and which of them are missing or cannot be right. */
export function readRegistration(form: Form): {
  readonly values: RegistrationValues
  readonly missing: readonly RegistrationField[]
} {
  const text = (field: string) => {
    const given = (form[field] ?? '').trim()
    // Longer ones are refused below; NFC takes quadratic time on some of them.
    return given.length > MAX_EMAIL_LENGTH ? given : given.normalize('NFC')
  }
  const values = {
    email: text('login'),
    givenName: text('givenName'),
    familyName: text('familyName'),
    password: form.password ?? '',
  }
  const problems: Record<RegistrationField, boolean> = {
    login: !isEmailAddress(values.email),
    givenName: !name.safeParse(values.givenName).success,
    familyName: !name.safeParse(values.familyName).success,
    password: values.password === '',
  }
  // `Object.keys` forgets the names.
  const missing = (Object.keys(problems) as RegistrationField[]).filter((field) => problems[field])
  return { values, missing }
}
