// Who gets the focus back when a window closes that was opened from a menu: by then the menu's entry
// is gone, and its button is who opened it.
let button: Element | null = null;

/** A menu's entry was chosen; `trigger` is the menu's button. */
export function chosenFrom(trigger: Element | null): void {
  button = trigger;
}

/** Who opens a window that opens now. */
export function opener(): Element | null {
  const active = document.activeElement;
  const gone = !active || active === document.body || active.closest("[role=menu]");
  return gone ? button : active;
}
