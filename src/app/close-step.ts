/** Closes what was opened; closers run last first. */
export type Closer = () => Promise<void>
