// Shows the copy buttons, which are of no use without a script, and makes them work.
const announcer = document.getElementById("announcer");

async function copy(block) {
  if (navigator.clipboard) return navigator.clipboard.writeText(block.textContent);
  // Plain http on another host than localhost has no clipboard API.
  getSelection().selectAllChildren(block);
  document.execCommand("copy");
}

for (const button of document.querySelectorAll("button.copy")) {
  const block = button.closest(".command-box").querySelector("code");
  const word = button.querySelector("[data-word]");
  const before = word.textContent;
  button.hidden = false;
  button.addEventListener("click", async () => {
    try {
      await copy(block);
      word.textContent = "Copied";
      button.classList.add("done");
    } catch {
      getSelection().selectAllChildren(block);
      word.textContent = "Press Ctrl+C";
    }
    announcer.textContent = word.textContent;
    setTimeout(() => {
      word.textContent = before;
      button.classList.remove("done");
      announcer.textContent = "";
    }, 2000);
  });
}
