// Playing: the recording's own time, faster or slower, with long silences cut or not.
//
// Knows times and a clock; must not know what is shown. Pausing and changing the speed never move the place.

const SPEEDS = [0.25, 0.5, 1, 2, 4, 8, 16, 32];
const SILENCES = [
  ["as they came", Infinity],
  ["at most 2 s", 2e9],
  ["at most 1 s", 1e9],
  ["at most 0.3 s", 3e8],
];

class Player {
  constructor(arrive) {
    this.arrive = arrive;
    this.speed = 1;
    this.idle = Infinity;
    this.isPlaying = false;
    this.position = 0;
  }

  open(exchange) {
    this.pause();
    this.exchange = exchange;
    this.#cut();
  }

  setIdle(idle) {
    this.idle = idle;
    this.#cut();
    if (this.isPlaying) this.#anchor();
  }

  setSpeed(speed) {
    this.speed = speed;
    if (this.isPlaying) this.#anchor();
  }

  /** Says where the reader is, so that playing goes on from there. */
  moved(position) {
    this.position = position;
    if (this.isPlaying) this.#anchor();
  }

  play() {
    if (this.isPlaying || !this.played.length) return;
    if (this.position >= this.exchange.told.count) {
      this.position = 0;
      this.arrive(0);
    }
    this.isPlaying = true;
    this.#anchor();
    this.#next();
  }

  pause() {
    this.isPlaying = false;
    cancelAnimationFrame(this.frame);
  }

  /** How long playing takes to come to each row. */
  #cut() {
    const { times } = this.exchange;
    this.played = new Float64Array(times.length);
    for (let row = 1; row < times.length; row += 1) {
      this.played[row] = this.played[row - 1] + Math.min(times[row] - times[row - 1], this.idle);
    }
  }

  #anchor() {
    this.since = performance.now();
    this.from = this.position ? this.played[Math.min(this.position, this.played.length) - 1] : this.played[0];
  }

  #next() {
    this.frame = requestAnimationFrame(() => {
      if (!this.isPlaying) return;
      const now = this.from + (performance.now() - this.since) * 1e6 * this.speed;
      const position = countUpTo(this.played, now);
      const isOver = position >= this.played.length;
      if (position !== this.position || isOver) {
        this.position = position;
        this.arrive(isOver ? this.exchange.length : position);
      }
      if (isOver) this.pause();
      else this.#next();
      if (isOver) this.arrive(this.exchange.length);
    });
  }
}
