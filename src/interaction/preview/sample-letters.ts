import { LETTER_KINDS, type Letter } from '../../customers/recovery/recovery-letters.ts'
import { FALLBACK_LANGUAGE, readLanguages } from '../languages.ts'
import { OWN_VIEWS } from '../pages.ts'

/** For the places in the texts of letters that the kind fills. */
export const SAMPLE_VALUES = {
  code: '123 456',
  left: '3',
  company: 'Sample company',
  role: 'Buyer',
  provider: 'Sample provider',
  client: 'Sample app',
  app: 'Shopping assistant (assistant.example)',
}

/** A letter of each kind in a language, with made-up data. Those with a button have a text for it. */
export function sampleLetters(language: string): Letter[] {
  const { t } = readLanguages([OWN_VIEWS]).get(FALLBACK_LANGUAGE)
  return LETTER_KINDS.map((kind) => ({
    kind,
    to: 'sam@example.com',
    languages: [language],
    givenName: 'Sam',
    ttlSeconds: 1800,
    values: SAMPLE_VALUES,
    ...(t.has(`mail.${kind}.button`) && { path: '/sample', token: 'sample' }),
  }))
}
