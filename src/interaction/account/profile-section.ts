import type { SelfService } from '../../customers/self-service/self-service.ts'
import type { AccountSection } from './section.ts'

const ACT = 'profile/edit'

export type ProfileSectionDeps = {
  readonly changeProfile: SelfService['changeProfile']
  /** BCP 47 tags that there are texts in. */
  readonly languages: readonly string[]
}

/** The customer's name and language. */
export function createProfileSection({ changeProfile, languages }: ProfileSectionDeps): AccountSection {
  const choices = languages.map((tag) => ({ tag, name: nameOf(tag) }))
  return {
    page: 'profile',
    async show({ customer: { givenName, familyName, locale }, addressOf }) {
      const language = locale === undefined ? undefined : nameOf(languageOf(locale, languages) ?? locale)
      return { template: 'profile', href: addressOf(ACT), givenName, familyName, language }
    },
    acts: [
      {
        path: ACT,
        keeps: ['givenName', 'familyName', 'language'],
        async open({ customer, form }, { values }) {
          const stored = {
            givenName: customer.givenName ?? '',
            familyName: customer.familyName ?? '',
            language: (customer.locale && languageOf(customer.locale, languages)) ?? '',
          }
          return { template: 'profile-form', ...form(ACT), values: { ...stored, ...values }, choices }
        },
        async submit({ customer }, { givenName = '', familyName = '', language = '' }) {
          const isKnown = language === '' || languages.includes(language)
          if (!isKnown) return { outcome: 'refused', problem: 'profile', fields: ['language'] }
          // A region that the shop gave stays with its language.
          const isSame = customer.locale !== undefined && languageOf(customer.locale, languages) === language
          const profile = {
            givenName: givenName.trim() || null,
            familyName: familyName.trim() || null,
            ...(language !== '' && !isSame && { locale: language }),
          }
          const changed = await changeProfile(customer.id, profile)
          if (changed.outcome === 'invalid') return { outcome: 'refused', problem: 'profile', fields: changed.members }
          return changed.outcome === 'changed' ? { outcome: 'done', notice: 'profile' } : { outcome: 'unknown' }
        },
      },
    ],
  }
}

/** The language among ours that a locale (`de_AT`) is of. */
function languageOf(locale: string, languages: readonly string[]): string | undefined {
  const [language = ''] = locale.toLowerCase().split(/[_-]/)
  return languages.find((tag) => tag === language)
}

/** Each in its own words. */
function nameOf(tag: string): string {
  try {
    return new Intl.DisplayNames([tag.replaceAll('_', '-')], { type: 'language' }).of(tag.replaceAll('_', '-')) ?? tag
  } catch {
    return tag // an import took it for a locale
  }
}
