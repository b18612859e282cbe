import { expect, test } from 'vitest'
import { creationOptions, requestOptions } from '../../src/credentials/passkeys/ceremony-options.ts'
import { type Ceremony, createChallenges } from '../../src/credentials/passkeys/challenges.ts'
import { providerName } from '../../src/credentials/passkeys/known-providers.ts'
import { createMemoryStorage } from '../../src/storage/memory.ts'

const party = { id: 'shop.example', name: 'shop.example', origins: ['https://shop.example'] }
const owner = { userHandle: 'aGFuZGxl', email: 'sonia@spryker.com' }

/** Two nodes of one deployment, and a third that has another secret. */
function nodes() {
  const clock = { ms: Date.now() }
  const storage = createMemoryStorage()
  const of = (key: string) => createChallenges({ storage, key, now: () => clock.ms })
  return { clock, one: of('a secret'), other: of('a secret'), stranger: of('another secret') }
}

test('a challenge is used once, on whichever node', async () => {
  const { one, other } = nodes()
  const challenge = one.issue('sign-in', 'here')
  const used = await Promise.all([one, other, one].map((node) => node.redeem('sign-in', 'here', challenge)))
  expect(used.filter(Boolean)).toHaveLength(1)
})

test.each<[string, Ceremony, string]>([
  ['another ceremony', 'registration', 'here'],
  ['the silent kind of a registration', 'upgrade', 'here'],
  ['another place', 'sign-in', 'elsewhere'],
])('a challenge is of no use for %s, and stays good for its own', async (_, ceremony, place) => {
  const { one } = nodes()
  const challenge = one.issue('sign-in', 'here')
  expect(await one.redeem(ceremony, place, challenge)).toBe(false)
  expect(await one.redeem('sign-in', 'here', challenge)).toBe(true)
})

test('a challenge is good for an hour, as an interaction is, and no longer', async () => {
  const { clock, one } = nodes()
  const [early, late] = [one.issue('sign-in', 'here'), one.issue('sign-in', 'here')]
  clock.ms += 3599_000
  expect(await one.redeem('sign-in', 'here', early)).toBe(true)
  clock.ms += 2000
  expect(await one.redeem('sign-in', 'here', late)).toBe(false)
})

test.each([
  ['of another deployment', () => nodes().stranger.issue('sign-in', 'here')],
  ['that is cut short', () => nodes().one.issue('sign-in', 'here').slice(0, -4)],
  ['that is empty', () => ''],
  ['with another ending of the same bytes', () => `${nodes().one.issue('sign-in', 'here')}=`],
])('a challenge %s is refused', async (_, make) => {
  expect(await nodes().one.redeem('sign-in', 'here', make())).toBe(false)
})

test('two challenges are never alike', () => {
  const { one } = nodes()
  expect(one.issue('sign-in', 'here')).not.toBe(one.issue('sign-in', 'here'))
})

test('what browsers are asked is the same each time, and new each time: changing one changes no other', () => {
  const make = () => creationOptions(party, owner, 'x', [])
  const first = make()
  Object.assign(first.authenticatorSelection, { residentKey: 'preferred' })
  first.pubKeyCredParams.pop()
  expect(make().authenticatorSelection).toEqual({
    residentKey: 'required',
    requireResidentKey: true,
    userVerification: 'required',
  })
  expect(make().pubKeyCredParams.map(({ alg }) => alg)).toEqual([-8, -7, -257])
  expect(make().timeout).toBeGreaterThanOrEqual(300_000)
  expect(requestOptions(party, 'x').timeout).toBeGreaterThanOrEqual(300_000)
})

test('a password manager that is known gives a passkey its first name', () => {
  expect(providerName('bada5566-a7aa-401f-bd96-45619a55120d')).toBe('1Password')
  expect(providerName('00000000-0000-0000-0000-000000000000')).toBeUndefined()
})
