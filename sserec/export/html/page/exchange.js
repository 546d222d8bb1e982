// One exchange: its entries by their row, with times and numbers, and what there is to say about each.
//
// A row is an entry from 0 on; events among them have numbers from 1. A position counts the rows that have
// come: 0 is before the first. Where the page had no room for all events, one last row stands for those left
// out.

class Exchange {
  constructor(summary, told) {
    Object.assign(this, { summary, told });
    this.number = summary.number;
    this.length = told.count + (told.left_out ? 1 : 0);
    this.strays = told.strays;
    this.stepRows = told.steps.map(([row]) => row);
    this.times = accumulated(told.gaps);
    this.isTimed = this.times.length > 0;
    this.lines = new Blocks("entries", this.number, told.entries);
    this.fold = new Fold(new Blocks("answer", this.number, told.answer));
    this.stalls = new Set(told.stalls.map(([after]) => this.rowOf(after) + 1));
    this.findings = byRow(this, told.findings);
    this.marks = byRow(this, told.marks);
    this.begin =
      told.begin_ns === null ? (this.times[0] ?? 0) : Math.min(told.begin_ns, this.times[0] ?? told.begin_ns);
    this.end = Math.max(this.times[this.times.length - 1] ?? 0, told.end_ns ?? 0);
  }

  static async open(summary) {
    return new Exchange(summary, await unpacked(`exchange-${summary.number}`));
  }

  /** Whether the row stands for events that are not on the page. */
  isRest(row) {
    return row >= this.told.count;
  }

  isStray(row) {
    const before = countUpTo(this.strays, row);
    return before > 0 && this.strays[before - 1] === row;
  }

  /** The number of the event in this row, or of the last one before it. */
  numberAt(row) {
    return row + 1 - countUpTo(this.strays, row);
  }

  /** The row of an event. */
  rowOf(number) {
    let row = number - 1;
    for (let before = 0, next; (next = countUpTo(this.strays, row)) !== before; before = next)
      row = number - 1 + next;
    return row;
  }

  /** How many events the page has. */
  get events() {
    return this.told.count - this.strays.length;
  }

  timeAt(row) {
    return this.isTimed ? this.times[Math.min(row, this.times.length - 1)] : null;
  }

  gapAt(row) {
    return this.isTimed && row > 0 && row < this.times.length ? this.times[row] - this.times[row - 1] : null;
  }

  /** How many changes of the answer have happened when so many rows have come; the end is one of them. */
  changes(position) {
    const events = position ? this.numberAt(Math.min(position, this.told.count) - 1) : 0;
    return position === this.length ? this.events + 1 : events;
  }

  /** The line of a row, or undefined while it is not unpacked. */
  peek(row) {
    return this.isRest(row) ? this.#rest() : this.lines.peek(row);
  }

  async line(row) {
    if (this.isRest(row)) return this.#rest();
    const block = this.lines.holder(row);
    return (await this.lines.block(block))[row - this.lines.firsts[block]];
  }

  #rest() {
    const words = `${count(this.told.left_out, "event")} more: this page had no room for them (sserec view)`;
    return ["…", null, null, words, "", 0, { stray: true }];
  }

  /** The step that had begun last when the row came. */
  stepAt(row) {
    return this.told.steps[countUpTo(this.stepRows, row) - 1];
  }
}

function accumulated(gaps) {
  const times = new Float64Array(gaps.length);
  let time = 0;
  for (let index = 0; index < gaps.length; index += 1) times[index] = time += gaps[index];
  return times;
}

/** What is said of events, by their rows. */
function byRow(exchange, said) {
  const rows = new Map();
  for (const each of said) {
    if (each.event === null) continue;
    const row = Math.min(exchange.rowOf(each.event), exchange.length - 1);
    rows.set(row, [...(rows.get(row) ?? []), each]);
  }
  return rows;
}

const SEVERITIES = ["error", "warning", "note"];
const worst = (findings) =>
  SEVERITIES.find((severity) => findings?.some((each) => each.severity === severity));

/** An entry as a filter looks at it. */
class Subject {
  constructor(exchange, row, line) {
    Object.assign(this, { exchange, row, line });
    this.odd = line[6] ?? {};
  }

  text() {
    const [type, , , , data] = this.line;
    if (this.odd.stray) return data;
    const name = this.odd.name ?? type;
    const lines = data
      .split("\n")
      .map((line) => `data: ${line}\n`)
      .join("");
    return (name === "message" ? "" : `event: ${name}\n`) + lines + "\n";
  }

  json() {
    if (this.odd.brief) return this.odd.brief;
    if (this.odd.stray) return null;
    try {
      return JSON.parse(this.line[4]);
    } catch {
      return null;
    }
  }

  names(fact) {
    if (fact === "event") return this.odd.stray ? [] : [this.odd.name ?? this.line[0]];
    const index = this.line[1];
    if (index === null) return [];
    const step = this.exchange.stepAt(this.row);
    return numberText(step?.[1]) === numberText(index) ? [numberText(index), step[2]] : [numberText(index)];
  }

  quantity(fact) {
    if (fact === "number") return this.odd.stray ? null : this.exchange.numberAt(this.row);
    if (fact === "t") return this.exchange.timeAt(this.row);
    return fact === "gap" ? this.exchange.gapAt(this.row) : this.line[5];
  }

  has(flag) {
    if (flag === "stray") return Boolean(this.odd.stray);
    if (flag === "stall") return this.exchange.stalls.has(this.row);
    return (flag === "mark" ? this.exchange.marks : this.exchange.findings).has(this.row);
  }
}
