// The sidebar leaves the page its room: where the window is narrow it is closed at first, and on a phone again after a choice.
// Streamlit itself has it open from 768 px on, and does not close it.
(() => {
  if (window.sidebarLeavesRoom) return; // Streamlit may run this again
  window.sidebarLeavesRoom = true;
  const narrow = matchMedia("(max-width: 1099.98px)"), phone = matchMedia("(max-width: 767.98px), (max-height: 480px)");
  const OPEN = "[data-testid=stExpandSidebarButton]", CLOSE = "[data-testid=stSidebarCollapseButton] button";
  const CHOICE = "[data-testid=stSidebarNavLink], [role=option]"; // another page, another model
  const CLOSED = "sidebar-closed-for-room"; // by us, not by the visitor: then a wide window opens it again
  const memory = (() => {
    try {
      return localStorage;
    } catch { // the browser forbids it
      return {};
    }
  })();

  const close = () => {
    const button = document.querySelector(CLOSE);
    if (!button) return; // it is closed
    button.click();
    memory[CLOSED] = "yes";
  };
  const fit = () => {
    if (narrow.matches) close();
    else if (memory[CLOSED]) {
      document.querySelector(OPEN)?.click();
      delete memory[CLOSED];
    }
  };
  document.addEventListener("click", ({ target, isTrusted }) => {
    if (isTrusted && target.closest(`${OPEN}, ${CLOSE}`)) delete memory[CLOSED]; // the visitor's own wish
    if (phone.matches && target.closest(CHOICE)) setTimeout(close);
  }, true);
  narrow.addEventListener("change", fit);
  matchMedia("(max-width: 767.98px)").addEventListener("change", () => narrow.matches && [0, 100, 500].forEach((ms) => setTimeout(close, ms))); // a phone is turned: Streamlit opens it some time after
  fit();
})();
