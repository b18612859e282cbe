/** A port that cannot be listened on, said in one sentence that names the setting and the fix. */
export class ListenError extends Error {}
