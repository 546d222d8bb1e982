// The page: one exchange is open, a position in it is shown everywhere, and whatever moves it comes here.

const REMEMBER_MS = 300;
const TOLD_PROBLEMS = 3;

class Page {
  constructor(recording) {
    this.recording = recording;
    this.position = 0;
    this.list = new List((row) => this.seek(row + 1));
    this.answer = new AnswerView();
    this.detail = new Detail((event) => this.seek(this.exchange.rowOf(event) + 1));
    this.timeline = new Timeline((position) => this.seek(position));
    this.player = new Player((position) => this.seek(position, true));
    this.isNoted = (row) => this.exchange.findings.has(row) || this.exchange.stalls.has(row);
    this.isMarked = (row) => this.exchange.marks.has(row);
  }

  /** Opens an exchange, at an event or at its end. */
  async open(number, event = null) {
    const summary =
      this.recording.exchanges.find((each) => each.number === number) ?? this.recording.exchanges[0];
    this.exchange = await Exchange.open(summary);
    this.list.open(this.exchange);
    this.answer.open(this.exchange);
    this.detail.open(this.exchange, this.recording.findings);
    this.timeline.open(this.exchange);
    this.player.open(this.exchange);
    byId("filter").value = "";
    this.search("");
    for (const button of byId("exchanges").children)
      button.setAttribute("aria-current", Number(button.dataset.number) === summary.number);
    byId("play").disabled = !this.exchange.isTimed;
    byId("play").title = this.exchange.isTimed
      ? "Play or pause (space)"
      : "This recording knows no times to play by";
    await this.seek(event === null ? this.exchange.length : this.exchange.rowOf(event) + 1);
  }

  /** Shows everything as of so many rows. */
  async seek(position, isPlayed = false) {
    const { exchange } = this;
    this.position = within(position, 0, exchange.length);
    const row = Math.max(this.position - 1, 0);
    if (!isPlayed) this.player.moved(this.position);
    this.list.point(row);
    this.timeline.show(this.#place(), this.#words());
    byId("clock").textContent = this.#clock();
    byId("answer-when").textContent = this.position === exchange.length ? "at the end" : this.#words();
    byId("play").textContent = this.player.isPlaying ? "❚❚" : "▶";
    byId("play").setAttribute("aria-label", this.player.isPlaying ? "Pause" : "Play");
    this.answer.isPlayed = isPlayed;
    if (!this.player.isPlaying) this.#remember();
    const isAtHand = !this.player.isPlaying || exchange.peek(row);
    await Promise.all([this.#drawAnswer(), isAtHand && this.detail.show(row), this.list.filled()]);
  }

  async #drawAnswer() {
    const { exchange } = this;
    const changes = exchange.changes(this.position);
    if (exchange.fold.patches.length < changes) await exchange.fold.reach(changes);
    if (exchange !== this.exchange || exchange.changes(this.position) !== changes) return;
    const { state, touched } = exchange.fold.at(changes);
    this.answer.show(state, touched, this.position);
  }

  /** Moves the cursor in the list, over what a filter hides. */
  walk(way) {
    this.pause();
    if (!this.list.length) return;
    const place = this.list.placeOf(this.list.cursor);
    this.seek(this.list.rowAt(within(place + way, 0, this.list.length - 1)) + 1);
  }

  step(way) {
    this.pause();
    this.seek(within(this.position + way, 1, this.exchange.length));
  }

  stepOn(way) {
    const rows = this.exchange.stepRows;
    const row = this.position - 1;
    const next = way > 0 ? rows[countUpTo(rows, row)] : rows[countUpTo(rows, row - 1) - 1];
    if (next !== undefined) this.seek(next + 1);
  }

  seconds(amount) {
    if (!this.exchange.isTimed) return;
    const time = this.exchange.timeAt(Math.max(this.position - 1, 0)) + amount * 1e9;
    this.seek(Math.max(countUpTo(this.exchange.times, time), 1));
  }

  tenth(tenths) {
    this.seek(Math.max(this.timeline.positionAt(tenths / 10), 1));
  }

  jump(way, isWanted) {
    for (let row = this.position - 1 + way; row >= 0 && row < this.exchange.length; row += way) {
      if (isWanted(row)) return void this.seek(row + 1);
    }
    say(way > 0 ? "none further on" : "none further back");
  }

  turn(way) {
    const numbers = this.recording.exchanges.map((each) => each.number);
    const next = numbers[numbers.indexOf(this.exchange.number) + way];
    if (next !== undefined) this.open(next);
  }

  toggle() {
    if (this.player.isPlaying) this.pause();
    else this.player.play();
    this.seek(this.position, this.player.isPlaying);
    say(this.player.isPlaying ? `playing at speed ${this.player.speed}` : `paused, ${this.#words()}`);
  }

  pause() {
    this.player.pause();
  }

  faster(way) {
    const index = way
      ? within(SPEEDS.indexOf(this.player.speed) + way, 0, SPEEDS.length - 1)
      : SPEEDS.indexOf(1);
    byId("speed").value = String(SPEEDS[index]);
    this.player.setSpeed(SPEEDS[index]);
    say(`speed ${SPEEDS[index]}`);
  }

  timeColumn() {
    this.list.timeColumn = this.list.timeColumn === "gap" ? "relative" : "gap";
    this.list.redraw();
  }

  help() {
    byId("help").showModal();
  }

  /** Filters the list; block by block, so that the page stays quick however many events there are. */
  async search(text) {
    const search = (this.latest = {});
    const { exchange } = this;
    let asks;
    try {
      asks = parseQuery(text);
    } catch (fault) {
      return this.#filtered(this.list.chosen, fault.message, true);
    }
    if (!asks) return this.#filtered(null, "");
    const rows = [];
    for (let block = 0; block < exchange.told.entries.length; block += 1) {
      const lines = await exchange.lines.block(block);
      if (search !== this.latest || exchange !== this.exchange) return;
      const first = exchange.told.entries[block];
      lines.forEach((line, index) => {
        if (asks(new Subject(exchange, first + index, line))) rows.push(first + index);
      });
    }
    this.#filtered(rows, `${rows.length.toLocaleString("en")} of ${count(exchange.told.count, "line")}`);
  }

  #filtered(rows, words, isWrong = false) {
    byId("filter-words").textContent = words;
    byId("filter").setAttribute("aria-invalid", isWrong);
    if (rows !== this.list.chosen) this.list.filter(rows);
  }

  #place() {
    if (this.position === 0) return 0;
    return this.position === this.exchange.length ? 1 : this.timeline.at(this.position - 1);
  }

  #words() {
    const { exchange, position } = this;
    if (!position) return "before the first event";
    const row = Math.min(position, exchange.told.count) - 1;
    const time = exchange.timeAt(row);
    return `event ${exchange.numberAt(row).toLocaleString("en")}${time === null ? "" : `, ${seconds(time)} s`}`;
  }

  #clock() {
    const { exchange, position } = this;
    if (!exchange.isTimed)
      return `${position.toLocaleString("en")} / ${exchange.length.toLocaleString("en")}`;
    const now =
      position === exchange.length ? exchange.end : position ? exchange.timeAt(position - 1) : exchange.begin;
    return `${seconds(now)} / ${seconds(exchange.end)} s`;
  }

  /** Writes the place into the address once it is left alone, so that it can be passed on: `page.html#2.512`. */
  #remember() {
    clearTimeout(this.remembering);
    this.remembering = setTimeout(() => {
      const isWithin = this.position && this.position < this.exchange.length;
      const at = isWithin ? `.${this.exchange.numberAt(this.position - 1)}` : "";
      history.replaceState(null, "", `#${this.exchange.number}${at}`);
    }, REMEMBER_MS);
  }
}

function tellProblems(problems) {
  const told = problems.slice(0, TOLD_PROBLEMS).map((problem) => `Damaged: ${problem}`);
  if (problems.length > TOLD_PROBLEMS)
    told.push(`and ${count(problems.length - TOLD_PROBLEMS, "problem")} more`);
  byId("notices").replaceChildren(...told.map((words) => element("p", { class: "notice" }, words)));
}

function listExchanges(page) {
  const { exchanges } = page.recording;
  byId("exchanges").hidden = !exchanges.length;
  byId("exchanges").replaceChildren(
    ...exchanges.map((each) => {
      const words = [each.method, each.path, each.status]
        .filter((word) => word !== null && word !== "")
        .join(" ");
      const button = element(
        "button",
        { type: "button", "data-number": each.number, class: each.clean ? "" : "unclean" },
        element("span", { class: "number" }, String(each.number)),
        element("span", { class: "what" }, words),
        element(
          "span",
          { class: "how" },
          [each.ending, count(each.events, "event")].filter(Boolean).join(" · "),
        ),
      );
      if (each.worst)
        button.append(
          element("span", { role: "img", class: each.worst, "aria-label": each.worst }, SIGNS[each.worst]),
        );
      button.addEventListener("click", () => page.open(each.number));
      return button;
    }),
  );
}

function listenToControls(page) {
  byId("play").addEventListener("click", () => page.toggle());
  byId("back").addEventListener("click", () => page.step(-1));
  byId("step").addEventListener("click", () => page.step(1));
  byId("help-button").addEventListener("click", () => page.help());
  byId("speed").append(
    ...SPEEDS.map((speed) => element("option", { value: speed, selected: speed === 1 }, `×${speed}`)),
  );
  byId("speed").addEventListener("change", (event) => page.player.setSpeed(Number(event.target.value)));
  byId("idle").append(...SILENCES.map(([words], index) => element("option", { value: index }, words)));
  byId("idle").addEventListener("change", (event) => page.player.setIdle(SILENCES[event.target.value][1]));
  byId("filter").addEventListener("input", (event) => page.search(event.target.value));
  byId("filter").addEventListener("keydown", (press) => {
    if (press.key === "Escape" || press.key === "Enter") byId("list").focus();
  });
  window.addEventListener("hashchange", () => page.open(...placeInAddress(page)));
}

/** Exchange and event that the address names; else the first exchange with an error, or the first. */
function placeInAddress({ recording }) {
  const [, number, event] = /^#(\d+)(?:\.(\d+))?$/.exec(location.hash) ?? [];
  if (number) return [Number(number), event ? Number(event) : null];
  const chosen = recording.exchanges.find((each) => each.worst === "error") ?? recording.exchanges[0];
  return [chosen.number, null];
}

async function main() {
  const { dataset } = document.documentElement;
  const recording = await unpacked("recording");
  const page = new Page(recording);
  tellProblems(recording.problems);
  listExchanges(page);
  listenToControls(page);
  listenForKeys(page);
  if (recording.exchanges.length) await page.open(...placeInAddress(page));
  globalThis.sserec = { answer: answers(recording) };
  dataset.state = "ready";
}

/** For the browser's console: `await sserec.answer(1, 512)` is the JSON of the answer after so many events. */
function answers(recording) {
  const opened = new Map();
  return async (number, events) => {
    const summary = recording.exchanges.find((each) => each.number === number);
    if (!opened.has(number)) opened.set(number, await Exchange.open(summary));
    const exchange = opened.get(number);
    const changes = events ?? exchange.events + 1;
    await exchange.fold.reach(changes);
    return jsonText(exchange.fold.at(changes).state);
  };
}

main().catch((fault) => {
  const words = globalThis.DecompressionStream
    ? `This page is broken: ${fault.message}`
    : "This page needs a browser of 2023 or later.";
  byId("notices").replaceChildren(element("p", { class: "notice" }, words));
  document.documentElement.dataset.state = "broken";
  throw fault;
});
