const people = new WeakMap<object, string>()

/**
 * Notes whose login a refused or locked attempt was about, for the audit trail. It is kept beside the outcome and not in it:
 * no answer can hold it, whatever an endpoint makes of the outcome.
 */
export function noteWhose<Outcome extends object>(outcome: Outcome, personId: string | undefined): Outcome {
  if (personId !== undefined) people.set(outcome, personId)
  return outcome
}

/** The id of the person whose login it was, where there is one. */
export function whoseAttempt(outcome: object): string | undefined {
  return people.get(outcome)
}
