import { useState } from "react";

/** Said to who would leave a window with a secret that is shown this once, and did not copy it. */
const HOLD = "This is shown this once, and was not copied. Copy it, or say that you have it.";

/**
 * What keeps the window of a `secret` open until it was copied: Escape and a click beside it are
 * done too easily. Its button that closes it says that one has it.
 */
export function useOnce(secret: unknown): { hold: string | undefined; copied: () => void } {
  const [kept, setKept] = useState(false);
  return { hold: secret && !kept ? HOLD : undefined, copied: () => setKept(true) };
}
