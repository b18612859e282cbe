/** What disabling a client does: the one sentence for the console, the command line, the API and the docs. */
export const WHAT_DISABLING_DOES =
  'Disabling a client refuses its requests and ends every token it holds for good, and with them what people allowed it, except at a service that verifies ' +
  'JWTs on its own, which accepts them until they expire; enabling it again lets it ask for new ones.'
