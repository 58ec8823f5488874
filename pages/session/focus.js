// Who works by keyboard keeps the focus: inside a popover that a key opened, and where the pressed button goes away with what it did.
// Streamlit puts a popover's inside behind the whole page, and leaves the focus nowhere.
(() => {
  if (window.focusIsKept) return; // Streamlit may run this again
  window.focusIsKept = true;
  const POPOVER = "[data-testid=stPopoverBody]";
  const BUTTON = `[data-testid=stMain] :is([data-testid=stButton], [data-testid=stPopover]) button, ${POPOVER} button`; // a map's mind themselves
  const ROW = "[data-testid=stHorizontalBlock]", CAN = "button:not(:disabled), input:not(:disabled), a[href]";
  let pressed = null; // by key, and last of all that the visitor did: a button, and the row it stands in
  const press = ({ key, target }) => {
    const button = (key === "Enter" || key === " ") && target.closest?.(BUTTON);
    pressed = button ? { button, row: button.closest(ROW), opens: button.matches("[aria-haspopup=dialog]") } : key === "Escape" ? pressed : null;
  };
  const keep = () => {
    if (!pressed) return;
    const { button, row, opens } = pressed, inside = opens && document.querySelector(`${POPOVER} :is(${CAN})`);
    if (inside) {
      pressed.opens = false;
      inside.focus();
    } else if (document.activeElement === document.body && !(button.isConnected && button.disabled)) { // what it did goes on: no key must press another
      const there = [button, ...(row?.querySelectorAll(CAN) ?? [])].find((one) => one.isConnected);
      const heading = document.querySelector("[data-testid=stMain] h1");
      if (!there && heading) heading.tabIndex = -1;
      (there ?? heading)?.focus({ preventScroll: !there });
    }
  };
  document.addEventListener("keydown", press, true);
  document.addEventListener("pointerdown", () => (pressed = null), true);
  new MutationObserver(keep).observe(document.body, { childList: true, subtree: true });
})();
