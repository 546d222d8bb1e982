// The list of events: as many elements as fit on the screen, however many events there are.
//
// Every row has the same height, so that the place of a row follows from its number. A row that is not
// unpacked yet has its number and its time, and gets its words a moment later.

const OVERSCAN = 8;
const SIGNS = { error: "!", warning: "?", note: "·" };

class List {
  constructor(choose) {
    this.box = byId("list");
    this.rows = byId("rows");
    this.choose = choose;
    this.shown = new Map();
    this.filling = new Set();
    this.chosen = null;
    this.cursor = 0;
    this.timeColumn = "relative";
    this.box.addEventListener("scroll", () => this.draw(), { passive: true });
    new ResizeObserver(() => this.draw()).observe(this.box);
    this.rows.addEventListener("click", (click) => {
      const row = click.target.closest("[role=option]");
      if (row) this.choose(Number(row.dataset.row));
    });
  }

  open(exchange) {
    this.exchange = exchange;
    this.chosen = null;
    this.cursor = 0;
    this.box.scrollTop = 0;
    this.redraw();
  }

  /** How many rows the filter leaves. */
  get length() {
    return this.chosen ? this.chosen.length : this.exchange.length;
  }

  /** The entry at a place of the list, and the place of an entry, or of the next one that is shown. */
  rowAt(place) {
    return this.chosen ? this.chosen[place] : place;
  }

  placeOf(row) {
    return this.chosen
      ? within(countUpTo(this.chosen, row - 1), 0, Math.max(this.chosen.length - 1, 0))
      : row;
  }

  /** Shows only these rows; null shows all. */
  filter(rows) {
    this.chosen = rows;
    this.redraw();
    this.follow();
  }

  /** Moves the cursor to an entry. */
  point(row) {
    this.cursor = row;
    this.follow();
    this.draw();
  }

  get rowHeight() {
    this.measured ??= parseFloat(getComputedStyle(this.box).getPropertyValue("--row"));
    return this.measured;
  }

  get page() {
    return Math.max(Math.floor(this.box.clientHeight / this.rowHeight) - 1, 1);
  }

  follow() {
    const top = this.placeOf(this.cursor) * this.rowHeight;
    const { scrollTop, clientHeight } = this.box;
    if (top < scrollTop) this.box.scrollTop = top;
    else if (top + this.rowHeight > scrollTop + clientHeight)
      this.box.scrollTop = top + this.rowHeight - clientHeight;
  }

  redraw() {
    for (const [, element] of this.shown) element.remove();
    this.shown.clear();
    this.box.style.setProperty("--digits", String(this.exchange.length).length + 1);
    this.box.style.setProperty("--steps", Math.max(String(this.exchange.stepRows.length).length, 2));
    this.rows.style.height = `${this.length * this.rowHeight}px`;
    this.draw();
  }

  draw() {
    if (!this.exchange) return;
    const first = Math.max(Math.floor(this.box.scrollTop / this.rowHeight) - OVERSCAN, 0);
    const last = Math.min(
      first + Math.ceil(this.box.clientHeight / this.rowHeight) + 2 * OVERSCAN,
      this.length,
    );
    const wanted = new Set();
    for (let place = first; place < last; place += 1) wanted.add(this.rowAt(place));
    for (const [row, element] of this.shown) {
      if (!wanted.has(row)) {
        element.remove();
        this.shown.delete(row);
      }
    }
    for (let place = first; place < last; place += 1) this.#draw(this.rowAt(place), place);
    this.#markCursor();
  }

  #draw(row, place) {
    if (this.shown.has(row)) return;
    const line = this.exchange.peek(row);
    const made = this.#row(row, place, line);
    this.shown.set(row, made);
    this.rows.append(made);
    if (line !== undefined) return;
    const filling = this.#fillLater(row, place).finally(() => this.filling.delete(filling));
    this.filling.add(filling);
  }

  /** When every row that is shown has its words. */
  filled() {
    return Promise.all(this.filling);
  }

  async #fillLater(row, place) {
    const exchange = this.exchange;
    const line = await exchange.line(row);
    const waiting = this.shown.get(row);
    if (exchange !== this.exchange || !waiting?.classList.contains("waiting")) return;
    const made = this.#row(row, place, line);
    waiting.replaceWith(made);
    this.shown.set(row, made);
    this.#markCursor();
  }

  #row(row, place, line) {
    const { exchange } = this;
    const [type, step, kind, words, , , odd] = line ?? ["", null, null, "…"];
    const look = line ? kindOf(kind ?? type) : "waiting";
    const classes = ["row", look, odd?.stray && "stray", exchange.isRest(row) && "rest"];
    const made = element("div", {
      role: "option",
      id: `row-${row}`,
      "data-row": row,
      class: classes.filter(Boolean).join(" "),
      "aria-setsize": this.length,
      "aria-posinset": place + 1,
      "aria-selected": "false",
    });
    made.style.transform = `translateY(${place * this.rowHeight}px)`;
    made.append(
      element("span", { class: "sign" }, this.#sign(row)),
      element("span", { class: "number" }, odd?.stray ? "" : exchange.numberAt(row).toLocaleString("en")),
      element("span", { class: "time" }, this.#time(row)),
      ...(step === null && kind === null
        ? [element("span", { class: "type alone" }, type)]
        : [
            element("span", { class: "type" }, type),
            element("span", { class: "step" }, step === null ? "" : numberText(step)),
            element("span", { class: "kind" }, kind ?? element("span", { class: "narrow" }, type)),
          ]),
      element("span", { class: "line" }, words),
    );
    return made;
  }

  /** What stands in the margin; a person who listens hears the word. */
  #sign(row) {
    const found = worst(this.exchange.findings.get(row));
    const marks = this.exchange.marks.get(row);
    const sign = found
      ? SIGNS[found]
      : marks
        ? marks.some((mark) => mark.text)
          ? "◈"
          : "◆"
        : this.exchange.stalls.has(row)
          ? "●"
          : "";
    const word = found ?? (marks ? "mark" : sign ? "stall" : "");
    return sign ? element("span", { role: "img", class: word, "aria-label": word, title: word }, sign) : "";
  }

  #time(row) {
    const gap = this.exchange.gapAt(row);
    if (!this.exchange.isTimed || this.exchange.isRest(row)) return "";
    if (this.timeColumn === "gap") return gap === null ? "" : `+${seconds(gap)}`;
    return seconds(this.exchange.timeAt(row));
  }

  #markCursor() {
    for (const [row, element] of this.shown) {
      const isCursor = row === this.cursor;
      if ((element.getAttribute("aria-selected") === "true") !== isCursor)
        element.setAttribute("aria-selected", isCursor);
      element.classList.toggle("to-come", row > this.cursor);
    }
    if (this.shown.has(this.cursor)) this.box.setAttribute("aria-activedescendant", `row-${this.cursor}`);
    else this.box.removeAttribute("aria-activedescendant");
  }
}

/** A number of the page, which may be one that travels as text. */
const numberText = (number) => String(number?.[TAG] ?? number);
