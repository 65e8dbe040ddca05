// Shows what needs a passkey only where the browser has them, and says in words what went wrong.
const failure = document.getElementById("passkey_failure");

function say(words) {
  failure.querySelector("p").textContent = words;
  failure.hidden = !words;
}

if (window.PublicKeyCredential) {
  for (const part of document.querySelectorAll("[data-passkeys]")) part.hidden = false;
  say("");
} else if (!failure.hidden) {
  say("This browser has no passkeys, or this page was not opened by HTTPS.");
}

document.addEventListener("allauth.error", (event) => {
  event.preventDefault();
  const held = event.detail.exception.name === "InvalidStateError";
  say(
    held
      ? "This device holds a passkey of this account already."
      : "No passkey was used: the browser was told to stop, or found none for this site. Try again.",
  );
});
