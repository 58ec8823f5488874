// Who follows an exercise's link on the same page sees what it leads to, which stands above the questions; and has it in the address, where
// Streamlit leaves the one before.
(() => {
  if (window.exercisesLead) return; // Streamlit may run this again
  window.exercisesLead = true;
  document.addEventListener("click", (event) => {
    const link = event.target.closest(".st-key-exercises :is(a, button)");
    if (!link || event.button || event.metaKey || event.ctrlKey || event.shiftKey) return; // those open it elsewhere
    if (link.pathname === location.pathname) history.pushState(null, "", link.href);
    document.querySelector("[data-testid=stMain]").scrollTo(0, 0);
  }, true);
})();
