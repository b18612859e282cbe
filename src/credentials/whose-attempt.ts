type FindPerson = () => Promise<string | undefined>

const people = new WeakMap<object, string | FindPerson>()

/**
 * Notes whose login a refused or locked attempt was about, for the audit trail. It is kept beside the outcome and not in it:
 * no answer can hold it, whatever an endpoint makes of the outcome.
 */
export function noteWhose<Outcome extends object>(outcome: Outcome, personId: string | undefined): Outcome {
  if (personId !== undefined) people.set(outcome, personId)
  return outcome
}

/**
 * The same of an attempt that was refused before anybody was looked up: `findPerson` is asked after the answer, so that its time
 * cannot tell who has an account.
 */
export function noteWhoseLater<Outcome extends object>(outcome: Outcome, findPerson: FindPerson): Outcome {
  people.set(outcome, findPerson)
  return outcome
}

/** The id of the person whose login it was, where there is one and it was looked up. */
export function whoseAttempt(outcome: object): string | undefined {
  const noted = people.get(outcome)
  return typeof noted === 'string' ? noted : undefined
}

/** Tells the id of the person whose login it was: at once if it was looked up, otherwise when it is. */
export function tellWhose(outcome: object, tell: (personId: string | undefined) => void): void {
  const noted = people.get(outcome)
  // What is left of the request goes before a look-up, and so does the answer.
  if (typeof noted === 'function') setImmediate(() => void noted().then(tell, () => tell(undefined)))
  else tell(noted)
}
