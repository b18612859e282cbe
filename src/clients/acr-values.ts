/** How strongly a person signed in (`acr`, OpenID Connect Core §2), from the weakest on: each value covers those before it. */
export const ACR_VALUES = [
  'urn:vestibule:acr:recognised',
  'urn:vestibule:acr:signed-in',
  'urn:vestibule:acr:second-factor',
] as const

export type Acr = (typeof ACR_VALUES)[number]
