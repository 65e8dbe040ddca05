// Turns a list of links to sections into tabs, of which one is shown. Without it all sections are
// shown one after the other, and the links jump to them.
function makeTabs(list) {
  const tabs = [...list.querySelectorAll("a")];
  const panels = tabs.map((tab) => document.getElementById(tab.hash.slice(1)));

  function select(chosen) {
    tabs.forEach((tab, index) => {
      const isChosen = index === chosen;
      tab.setAttribute("aria-selected", String(isChosen));
      tab.tabIndex = isChosen ? 0 : -1;
      panels[index].hidden = !isChosen;
    });
  }

  // A link from elsewhere may lead to a section, or into one.
  function selectTarget() {
    const target = location.hash && document.getElementById(location.hash.slice(1));
    const chosen = panels.findIndex((panel) => target && panel.contains(target));
    if (chosen >= 0) select(chosen);
  }

  list.setAttribute("role", "tablist");
  list.className = "tabs platforms";
  tabs.forEach((tab, index) => {
    tab.id = `${panels[index].id}-tab`;
    tab.parentElement.setAttribute("role", "presentation");
    tab.setAttribute("role", "tab");
    tab.setAttribute("aria-controls", panels[index].id);
    panels[index].setAttribute("role", "tabpanel");
    panels[index].setAttribute("aria-labelledby", tab.id);
    tab.addEventListener("click", (event) => {
      event.preventDefault();
      history.replaceState(null, "", tab.hash);
      select(index);
    });
    tab.addEventListener("keydown", (event) => {
      const last = tabs.length - 1;
      const next = {
        ArrowRight: index === last ? 0 : index + 1,
        ArrowLeft: index === 0 ? last : index - 1,
        Home: 0,
        End: last,
      }[event.key];
      if (next === undefined) return;
      event.preventDefault();
      tabs[next].focus();
      tabs[next].click();
    });
  });
  select(0);
  selectTarget();
  addEventListener("hashchange", selectTarget);
}

for (const list of document.querySelectorAll("[data-tabs]")) makeTabs(list);
