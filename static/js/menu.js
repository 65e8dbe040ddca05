// Menus are <details>, which open and close by themselves; this closes them on Escape, on a click
// elsewhere and when the focus leaves them.
const closeOthers = (inside) => {
  for (const menu of document.querySelectorAll("details.menu[open]")) {
    if (!menu.contains(inside)) menu.open = false;
  }
};
document.addEventListener("click", (event) => closeOthers(event.target));
document.addEventListener("focusin", (event) => closeOthers(event.target));
document.addEventListener("keydown", (event) => {
  const menu = event.key === "Escape" && document.activeElement?.closest("details.menu[open]");
  if (menu) {
    menu.open = false;
    menu.querySelector("summary").focus();
  }
});
