/** What disabling a client does: the one sentence for the console, the command line, the API and the docs. */
export const WHAT_DISABLING_DOES =
  'Disabling a client refuses its requests and makes every token it holds stop working at once, except at a service that ' +
  'verifies JWTs on its own; enabling it again makes those that have not expired work again.'
