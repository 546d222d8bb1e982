// What there is to know beside the answer: the event at the cursor, the exchange's heads, findings, measures,
// marks.
//
// Tabs as WAI-ARIA describes them: one of them takes the focus, arrows go to the others, and what is not
// shown is hidden.

class Detail {
  constructor(go) {
    this.go = go;
    this.form = "json";
    this.tabs = [];
    byId("tabs").addEventListener("keydown", (press) => this.#arrows(press));
  }

  open(exchange, findings) {
    this.exchange = exchange;
    const { told } = exchange;
    const found = [...findings, ...told.findings];
    byId("tabs").replaceChildren();
    byId("panels").replaceChildren();
    this.tabs = [];
    this.#tab("event", "Event");
    this.#tab("request", "Exchange", exchangePanel(told));
    this.#tab(
      "findings",
      found.length ? `Findings ${found.length}` : "Findings",
      this.#findings(found),
      worst(found),
    );
    this.#tab("measures", "Measures", measuresPanel(told));
    if (told.marks.length) this.#tab("marks", `Marks ${told.marks.length}`, this.#marks(told.marks));
    this.select(exchange.length ? "event" : "request");
  }

  /** Shows a tab; `moves` puts the focus on it. */
  select(name, moves = false) {
    for (const { tab, panel } of this.tabs) {
      const isChosen = tab.dataset.tab === name;
      tab.setAttribute("aria-selected", isChosen);
      tab.tabIndex = isChosen ? 0 : -1;
      panel.hidden = !isChosen;
      if (isChosen && moves) tab.focus();
    }
    this.selected = name;
  }

  /** Shows an entry. */
  async show(row) {
    this.row = row;
    const { exchange } = this;
    const panel = this.tabs[0].panel;
    if (!exchange.length)
      return void panel.replaceChildren(element("p", { class: "nothing" }, emptiness(exchange)));
    const line = exchange.peek(row) ?? (await exchange.line(row));
    if (row !== this.row || exchange !== this.exchange) return;
    panel.replaceChildren(this.#entry(row, line));
    panel.scrollTop = 0;
  }

  /** JSON, or as it came. */
  turn() {
    this.form = this.form === "json" ? "raw" : "json";
    say(this.form === "json" ? "shown as JSON" : "shown as it came");
    return this.show(this.row);
  }

  #tab(name, title, content = null, severity = null) {
    const tab = element(
      "button",
      {
        role: "tab",
        type: "button",
        id: `tab-${name}`,
        "aria-controls": `panel-${name}`,
        "data-tab": name,
        class: severity ?? "",
      },
      title,
    );
    const panel = element("div", {
      role: "tabpanel",
      id: `panel-${name}`,
      "aria-labelledby": `tab-${name}`,
      tabindex: 0,
      class: "scrolls",
    });
    if (content) panel.append(content);
    tab.addEventListener("click", () => this.select(name));
    byId("tabs").append(tab);
    byId("panels").append(panel);
    this.tabs.push({ tab, panel });
  }

  #arrows(press) {
    const way = { ArrowLeft: -1, ArrowRight: 1 }[press.key];
    if (!way) return;
    const index = this.tabs.findIndex(({ tab }) => tab.dataset.tab === this.selected);
    this.select(this.tabs[(index + way + this.tabs.length) % this.tabs.length].tab.dataset.tab, true);
    press.preventDefault();
    press.stopPropagation();
  }

  #entry(row, [type, , , words, data, bytes, odd = {}]) {
    const { exchange } = this;
    const made = document.createDocumentFragment();
    if (exchange.isRest(row)) {
      made.append(element("p", { class: "nothing" }, words));
      return made;
    }
    const title = odd.stray ? type : `Event ${exchange.numberAt(row).toLocaleString("en")}`;
    made.append(
      element("div", { class: "forms" }, element("h3", {}, title), this.#turner(odd, data)),
      this.#facts(row, type, bytes, odd),
    );
    for (const found of exchange.findings.get(row) ?? []) made.append(this.#finding(found, false));
    for (const { text } of exchange.marks.get(row) ?? [])
      made.append(element("p", { class: "mark" }, text ? `◈ ${text}` : "◆ marked"));
    if (odd.cut)
      made.append(
        element(
          "p",
          { class: "nothing" },
          `Long: ${count(odd.cut, odd.stray ? "byte" : "character")}; this page has its beginning.`,
        ),
      );
    made.append(this.#data(odd, data));
    return made;
  }

  #facts(row, type, bytes, odd) {
    const { exchange } = this;
    const gap = exchange.gapAt(row);
    return facts("line", [
      odd.stray ? null : ["type", visible(type)],
      odd.name === undefined ? null : ["SSE name", visible(odd.name)],
      odd.id === undefined ? null : ["last event id", visible(odd.id)],
      exchange.isTimed ? ["time", `${seconds(exchange.timeAt(row))} s`] : null,
      gap === null ? null : ["after", gap ? duration(gap) : "0: in the same read"],
      ["size", size(bytes)],
    ]);
  }

  /** The button that turns between JSON and what came, where there is JSON. */
  #turner(odd, data) {
    if (!odd.brief && !isJson(data)) return "";
    const button = element(
      "button",
      { type: "button", class: "form", title: "JSON or as it came (z)" },
      this.form === "json" ? "as it came" : "as JSON",
    );
    button.addEventListener("click", () => this.turn());
    return button;
  }

  #data(odd, data) {
    if (this.form === "json" && odd.brief) return jsonBlock(jsonText(odd.brief));
    if (this.form === "json" && isJson(data)) return jsonBlock(data);
    return element("pre", { class: "raw" }, visible(data) || "no data");
  }

  #findings(found) {
    if (!found.length)
      return element("p", { class: "nothing" }, "sserec check has nothing to say about this exchange.");
    return element(
      "ul",
      { class: "findings" },
      ...found.map((each) => element("li", {}, this.#finding(each, true))),
    );
  }

  #finding({ severity, message, rule, meaning, event, unlisted }, withPlace) {
    const place = withPlace && typeof event === "number" ? this.#link(event) : "";
    const more = unlisted ? ` … and ${unlisted.toLocaleString("en")} more` : "";
    return element(
      "div",
      { class: `finding ${severity}` },
      element("strong", {}, severity),
      " ",
      visible(message),
      more,
      " ",
      place,
      element("p", { class: "meaning" }, meaning, " ", element("code", {}, rule)),
    );
  }

  #marks(marks) {
    return element(
      "ul",
      { class: "findings" },
      ...marks.map(({ event, text }) =>
        element(
          "li",
          { class: "mark" },
          text ? `◈ ${text} ` : "◆ ",
          event === null ? "at the end" : this.#link(event),
        ),
      ),
    );
  }

  #link(event) {
    const button = element(
      "button",
      { type: "button", class: "place" },
      `event ${event.toLocaleString("en")}`,
    );
    button.addEventListener("click", () => this.go(event));
    return button;
  }
}

/** Why there is nothing to list. */
const emptiness = ({ summary }) =>
  summary.events ? "No event of this exchange can be read any more." : "This exchange has no events.";

/** Names and values; what is null is left out. */
const facts = (shape, pairs) =>
  element(
    "dl",
    { class: `pairs ${shape}` },
    ...pairs
      .filter(Boolean)
      .map(([name, value]) => element("div", {}, element("dt", {}, name), element("dd", {}, value))),
  );

function exchangePanel({ connection, request, response }) {
  const made = document.createDocumentFragment();
  made.append(facts("table", connection));
  if (request) {
    made.append(element("h3", {}, "Request"), headLines(request.line, request.headers));
    if (request.redacted.length)
      made.append(
        element("p", { class: "nothing" }, `Secrets were replaced: ${request.redacted.join(", ")}`),
      );
    if (request.lost)
      made.append(element("p", { class: "nothing" }, "The body is lost: the file is damaged."));
    if (request.body)
      made.append(
        isJson(request.body)
          ? jsonBlock(request.body)
          : element("pre", { class: "raw" }, visible(request.body)),
      );
    if (request.cut) made.append(element("p", { class: "nothing" }, `The whole body has ${request.cut}.`));
  }
  if (response) {
    made.append(element("h3", {}, "Response"), headLines(response.line, response.headers));
    if (response.trailers.length)
      made.append(element("h3", {}, "Trailers"), headLines("", response.trailers));
  }
  return made;
}

const headLines = (line, headers) =>
  element(
    "pre",
    { class: "raw" },
    element("strong", {}, line),
    ...headers.flatMap(([name, value]) => ["\n", element("span", { class: "key" }, name), `: ${value}`]),
  );

function measuresPanel({ measures, shares }) {
  const made = document.createDocumentFragment();
  made.append(facts("table", measures));
  if (shares.length) {
    const head = element(
      "tr",
      {},
      ...["type", "events", "bytes"].map((name) => element("th", { scope: "col" }, name)),
    );
    const rows = shares.map((share) => element("tr", {}, ...share.map((cell) => element("td", {}, cell))));
    made.append(
      element("table", { class: "shares" }, element("thead", {}, head), element("tbody", {}, ...rows)),
    );
  }
  return made;
}
