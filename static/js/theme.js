// The theme that was chosen in the footer, else the system's. Loaded before the page is drawn, so
// that nothing flashes; the footer, which is of no use without a script, is filled in afterwards.
{
  const dark = matchMedia("(prefers-color-scheme: dark)");
  let choice;

  const draw = () => {
    const theme = choice === "system" ? (dark.matches ? "dark" : "light") : choice;
    document.documentElement.dataset.bsTheme = theme;
    const menu = document.getElementById("theme");
    if (menu) menu.value = choice;
  };

  const recall = () => {
    try {
      choice = localStorage.getItem("theme") ?? "system";
    } catch {
      choice = "system"; // the browser keeps nothing for this site
    }
    draw();
  };

  const choose = (wish) => {
    choice = wish;
    draw();
    try {
      localStorage.setItem("theme", choice);
    } catch {
      // It lasts as long as the page, then.
    }
  };

  recall();
  dark.addEventListener("change", draw);
  addEventListener("storage", recall); // chosen in another window
  document.addEventListener("DOMContentLoaded", () => {
    const menu = document.getElementById("theme");
    if (!menu) return;
    draw();
    menu.closest("[hidden]").hidden = false;
    menu.addEventListener("change", () => choose(menu.value));
  });
}
