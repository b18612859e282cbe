/** Closes what was opened; closeSteps run last first. */
export type CloseStep = () => Promise<void>
