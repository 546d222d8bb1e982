// The whole stream in the width of the page: where it was dense, where it stalled, which step it was in.
//
// A canvas for the eye, over it a slider of the browser's own, which takes mouse, touch, keys and screen
// readers. The axis is time, or, in a recording that knows no times, the events one after another.

/** How finely the slider divides the axis. */
const STEPS = 10000;
const SIGN_COLOURS = { error: "red", warning: "amber", note: "muted" };

class Timeline {
  constructor(seek) {
    this.canvas = byId("course");
    this.slider = byId("scrub");
    this.slider.max = STEPS;
    this.slider.addEventListener("input", () => seek(this.positionAt(Number(this.slider.value) / STEPS)));
    new ResizeObserver(() => this.draw()).observe(this.canvas);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.draw());
  }

  open(exchange) {
    this.exchange = exchange;
    this.isTimed = exchange.isTimed && exchange.end > exchange.begin;
    this.place = 0;
    this.slider.disabled = !exchange.length;
    this.draw();
  }

  /** Where on the axis, from 0 to 1, a row stands. */
  at(row) {
    if (!this.isTimed) return (row + 1) / Math.max(this.exchange.length, 1);
    const { begin, end } = this.exchange;
    return within((this.exchange.timeAt(row) - begin) / (end - begin), 0, 1);
  }

  /** How many rows have come at a place of the axis. */
  positionAt(place) {
    if (place >= 1) return this.exchange.length;
    if (!this.isTimed) return Math.round(place * this.exchange.length);
    const { begin, end, times } = this.exchange;
    return countUpTo(times, begin + place * (end - begin));
  }

  /** Moves the slider to a place of the axis. */
  show(place, words) {
    this.place = place;
    if (document.activeElement !== this.slider || Math.abs(this.slider.value - place * STEPS) > 1)
      this.slider.value = Math.round(place * STEPS);
    this.slider.setAttribute("aria-valuetext", words);
    byId("track").style.setProperty("--place", place);
  }

  draw() {
    const { canvas, exchange } = this;
    if (!exchange || !canvas.clientWidth) return;
    const scale = window.devicePixelRatio || 1;
    const [width, height] = [canvas.clientWidth, canvas.clientHeight];
    canvas.width = Math.round(width * scale);
    canvas.height = Math.round(height * scale);
    const pen = canvas.getContext("2d");
    pen.scale(scale, scale);
    this.colours = getComputedStyle(canvas);
    this.#bands(pen, width, height);
    this.#density(pen, width, height - 16);
    this.#signs(pen, width, height);
  }

  #colour(name) {
    return this.colours.getPropertyValue(`--${name}`).trim();
  }

  /** How many events fell into each column, as bars. */
  #density(pen, width, height) {
    const columns = Math.floor(width / 3);
    const counts = new Array(columns).fill(0);
    const { exchange } = this;
    for (let column = 0, before = 0; column < columns; column += 1) {
      const after =
        column === columns - 1
          ? exchange.told.count
          : Math.min(this.positionAt((column + 1) / columns), exchange.told.count);
      counts[column] = after - before;
      before = after;
    }
    const most = Math.max(...counts, 1);
    pen.fillStyle = this.#colour("bar");
    counts.forEach((number, column) => {
      if (!number) return;
      const tall = Math.max(Math.sqrt(number / most) * (height - 4), 2);
      pen.fillRect(column * 3, height - tall, 2, tall);
    });
  }

  /** A band a step, with its name where there is room. */
  #bands(pen, width, height) {
    const { steps } = this.exchange.told;
    pen.font = `10px ${this.#colour("mono")}`;
    pen.textBaseline = "middle";
    steps.forEach(([row, , type], index) => {
      const from = this.at(row) * width;
      const to = index + 1 < steps.length ? this.at(steps[index + 1][0]) * width : width;
      if (to - from < 1) return;
      const colour = this.#colour(kindOf(type));
      pen.globalAlpha = 0.22;
      pen.fillStyle = colour;
      pen.fillRect(from, height - 14, Math.max(to - from - 1, 1), 12);
      pen.globalAlpha = 1;
      pen.fillRect(from, height - 14, 2, 12);
      if (pen.measureText(type).width + 10 < to - from) pen.fillText(type, from + 6, height - 7);
    });
  }

  /** Stalls, findings and marks, each with a shape of its own. */
  #signs(pen, width, height) {
    const { exchange } = this;
    pen.fillStyle = this.#colour("amber");
    for (const row of exchange.stalls) {
      if (row >= exchange.told.count) continue;
      const [from, to] = [this.at(row - 1) * width, this.at(row) * width];
      for (let x = from; x < to; x += 5) pen.fillRect(x, height - 18, 2, 2);
    }
    for (const [row, found] of exchange.findings) {
      const severity = worst(found);
      this.#sign(pen, this.at(row) * width, SIGN_COLOURS[severity], SIGNS[severity]);
    }
    for (const [row] of exchange.marks) this.#sign(pen, this.at(row) * width, "text", "◆");
  }

  #sign(pen, x, colour, sign) {
    pen.fillStyle = this.#colour(colour);
    pen.font = `bold 11px ${this.#colour("mono")}`;
    pen.fillText(sign, within(x - 3, 0, this.canvas.clientWidth - 8), 7);
  }
}
