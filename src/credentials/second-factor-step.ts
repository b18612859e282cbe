import type { SecondFactors } from './second-factors.ts'

export type SecondFactorStep =
  /** `hasSecondFactor`: a code was asked for, and was right. */
  | { readonly outcome: 'authenticated'; readonly hasSecondFactor?: true }
  /** The password is right, and a code must come with it. */
  | { readonly outcome: 'second-factor-required' }
  | { readonly outcome: 'refused'; readonly reason: 'wrong-code' }

/** The step after the right password: the code of the person's second factor, where they have one. */
export async function checkSecondFactor(
  secondFactors: Pick<SecondFactors, 'isRequired' | 'redeem'>,
  personId: string,
  code: string | undefined,
): Promise<SecondFactorStep> {
  if (!(await secondFactors.isRequired(personId))) return { outcome: 'authenticated' }
  if (code === undefined) return { outcome: 'second-factor-required' }
  return (await secondFactors.redeem(personId, code))
    ? { outcome: 'authenticated', hasSecondFactor: true }
    : { outcome: 'refused', reason: 'wrong-code' }
}
