import { expect, test } from 'vitest'
import type { AnswerContext } from '../../../src/dialects/dialect.ts'
import { refuseSignIn } from '../../../src/dialects/magento/sign-in.ts'

const context: AnswerContext = {
  issuer: 'https://id.example',
  baseUrl: 'https://id.example',
  path: '/rest/V1/integration/admin/token',
  search: '',
  acceptLanguage: '',
  accept: 'application/json',
  clientId: 'frontend',
}

test('an admin whose second factor is missing is sent to its endpoint', () => {
  const answer = refuseSignIn({ error: 'second_factor_required', status: 400 }, context)
  expect(answer.status).toBe(400)
  expect(JSON.parse(answer.body)).toEqual({
    message: 'Please use the 2fa provider-specific endpoints to obtain a token.',
    parameters: { active_providers: ['google'] },
  })
})

test.each([
  [503, 503],
  [500, 500],
  [401, 500],
])('a pipeline that answers %i without a verdict on the password makes it %i', (status, expected) => {
  expect(refuseSignIn({ error: 'invalid_client', status }, context).status).toBe(expected)
})
