import { isEmailAddress } from '../../credentials/email.ts'
import { isPersonName, typedText } from '../../customers/person-name.ts'
import type { RegistrationField } from '../page-views.ts'
import type { Form } from '../standalone-forms.ts'

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
  const text = (field: string) => typedText(form[field] ?? '')
  const values = {
    email: text('login'),
    givenName: text('givenName'),
    familyName: text('familyName'),
    password: form.password ?? '',
  }
  const problems: Record<RegistrationField, boolean> = {
    login: !isEmailAddress(values.email),
    givenName: !isPersonName(values.givenName),
    familyName: !isPersonName(values.familyName),
    password: values.password === '',
  }
  // `Object.keys` forgets the names.
  const missing = (Object.keys(problems) as RegistrationField[]).filter((field) => problems[field])
  return { values, missing }
}
