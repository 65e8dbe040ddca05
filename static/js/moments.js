// Moments and numbers as their reader writes them: in the browser's language and time zone. Without
// a script the pages give UTC. What is recent is told by how long ago it was, in the page's own words.
{
  const RECENT = 7 * 86_400_000;
  const UNITS = [["day", 86_400_000], ["hour", 3_600_000], ["minute", 60_000]];
  const ago = new Intl.RelativeTimeFormat(document.documentElement.lang, { numeric: "auto" });
  const number = new Intl.NumberFormat();
  const style = (options) => new Intl.DateTimeFormat(undefined, options);
  const moment = style({ dateStyle: "medium", timeStyle: "short" });
  const exact = style({ dateStyle: "full", timeStyle: "long" });
  const day = style({ dateStyle: "medium" });
  const utcDay = style({ dateStyle: "medium", timeZone: "UTC" });
  const language = moment.resolvedOptions().locale;

  const relative = (milliseconds) => {
    for (const [unit, length] of UNITS) {
      const count = Math.trunc(milliseconds / length);
      if (count) return ago.format(count, unit);
    }
    return "just now";
  };

  const write = (time) => {
    const at = new Date(time.dateTime);
    if (Number.isNaN(at.getTime())) return;
    const isDay = time.dateTime.length === 10; // a day of UTC's calendar, not a moment
    const apart = at - Date.now();
    const recent = "recent" in time.dataset && Math.abs(apart) < RECENT;
    time.textContent = recent ? relative(apart) : (isDay ? utcDay : "date" in time.dataset ? day : moment).format(at);
    if (!recent) time.lang = language;
    else time.removeAttribute("lang");
    if (!isDay) time.title = exact.format(at);
  };

  const writeAll = (root) => {
    for (const time of root.querySelectorAll("time[datetime]")) write(time);
    for (const data of root.querySelectorAll("data.number")) data.textContent = number.format(data.value);
  };

  writeAll(document);
  // What comes into the page later, too.
  new MutationObserver((changes) => {
    for (const added of changes.flatMap((change) => [...change.addedNodes])) {
      if (added instanceof Element) writeAll(added.parentElement ?? added);
    }
  }).observe(document.body, { childList: true, subtree: true });
  setInterval(() => document.querySelectorAll("time[data-recent]").forEach(write), 60_000);
}
