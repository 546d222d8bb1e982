// Every key of the page in one table, the viewer's where both have them; the help is made from it.
//
// A key alone does nothing while a person types or has turned such keys off, as speech input needs (WCAG 2.2,
// 2.1.4).

const NAMES = {
  " ": "Space",
  ArrowDown: "↓",
  ArrowUp: "↑",
  PageDown: "PgDn",
  PageUp: "PgUp",
  Escape: "Esc",
  ArrowRight: "→",
  ArrowLeft: "←",
};

/** The keys, in groups; `page` does what they say. */
function keyTable(page) {
  return {
    Move: [
      [["j", "ArrowDown"], "the next event", () => page.walk(1)],
      [["k", "ArrowUp"], "the event before", () => page.walk(-1)],
      [["PageDown"], "a page down the list", () => page.walk(page.list.page)],
      [["PageUp"], "a page up", () => page.walk(-page.list.page)],
      [["g", "Home"], "the first event", () => page.walk(-Infinity)],
      [["G", "End"], "the last", () => page.walk(Infinity)],
      [["Shift+ArrowDown"], "the exchange after", () => page.turn(1)],
      [["Shift+ArrowUp"], "the exchange before", () => page.turn(-1)],
    ],
    Time: [
      [[" "], "play or pause", () => page.toggle()],
      [["."], "one event on", () => page.step(1)],
      [[","], "one event back", () => page.step(-1)],
      [["s"], "the next step of the answer", () => page.stepOn(1)],
      [["S"], "the step before", () => page.stepOn(-1)],
      [["Shift+ArrowRight"], "five seconds on", () => page.seconds(5)],
      [["Shift+ArrowLeft"], "five seconds back", () => page.seconds(-5)],
      [[..."0123456789"], "to so many tenths of the stream", (key) => page.tenth(Number(key))],
      [["<", "-"], "half the speed", () => page.faster(-1)],
      [[">", "+"], "double the speed", () => page.faster(1)],
      [["="], "the speed at which it came", () => page.faster(0)],
      [["}"], "the next finding or stall", () => page.jump(1, page.isNoted)],
      [["{"], "the one before", () => page.jump(-1, page.isNoted)],
      [["]"], "the next mark", () => page.jump(1, page.isMarked)],
      [["["], "the mark before", () => page.jump(-1, page.isMarked)],
    ],
    Show: [
      [["/", "f"], "filter the events", () => byId("filter").focus()],
      [["z"], "the event as JSON or as it came", () => page.detail.turn()],
      [["t"], "times since the start, or as gaps", () => page.timeColumn()],
      [["e"], "the event", () => page.detail.select("event")],
      [["i"], "request and response", () => page.detail.select("request")],
      [["c"], "what sserec check says", () => page.detail.select("findings")],
      [["?"], "this help", () => page.help()],
    ],
  };
}

/** Listens for keys, and fills the help. */
function listenForKeys(page) {
  const table = keyTable(page);
  const does = new Map(
    Object.values(table)
      .flat()
      .flatMap(([keys, , run]) => keys.map((key) => [key, run])),
  );
  const alone = element("input", { type: "checkbox", id: "alone", checked: true });
  alone.checked = true;
  document.addEventListener("keydown", (press) => {
    const name = press.shiftKey && press.key.startsWith("Arrow") ? `Shift+${press.key}` : press.key;
    const run = does.get(name);
    if (!run || !alone.checked || press.ctrlKey || press.altKey || press.metaKey || belongsTo(press)) return;
    press.preventDefault();
    run(press.key);
  });
  byId("help-keys").replaceChildren(
    ...Object.entries(table).map(([group, rows]) =>
      element(
        "section",
        {},
        element("h3", {}, group),
        element("dl", { class: "keys" }, ...rows.map(([keys, words]) => helpLine(keys, words))),
      ),
    ),
    element("label", { class: "alone" }, alone, " keys without Ctrl, Alt or ⌘"),
  );
}

/** Whether the element that has the focus makes something else of the key. */
function belongsTo({ key, target }) {
  if (byId("help").open || target.closest("input[type=search], select, textarea")) return true;
  if (key === " ") return Boolean(target.closest("button, [role=tab], input[type=checkbox]"));
  if (!/^(Arrow|Page|Home|End)/.test(key)) return false;
  return Boolean(target.closest("input, .scrolls, [role=tab]"));
}

function helpLine(keys, words) {
  const shown = keys.length > 4 ? [keys[0], "…", keys[keys.length - 1]] : keys;
  const named = shown.map((key) => key.replace(/[^+]+$|^\+$/, (last) => NAMES[last] ?? last));
  return element(
    "div",
    {},
    element("dt", {}, ...named.flatMap((key) => (key === "…" ? [key] : [element("kbd", {}, key), " "]))),
    element("dd", {}, words),
  );
}
