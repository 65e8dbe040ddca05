// A preview that could not be renewed must not go on showing what the switches meant before.
const impact = document.getElementById("impact");

function notKnown() {
  impact.textContent = "This could not be looked up just now. Move a switch to try again.";
}

impact?.addEventListener("htmx:responseError", notKnown);
impact?.addEventListener("htmx:sendError", notKnown);
