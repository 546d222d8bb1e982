// The answer at any event: sserec folded the stream, and wrote down what each event changed; here that is
// repeated.
//
// Copies of the state are kept on the way, so that going back repeats a thousand changes and not all. They
// stand further apart where a state is large: memory stays linear in what the page carries.

const SPACING = 1024;

/** Sets an own property, whatever its name: `__proto__` is only a key here. */
function put(holder, key, value) {
  if (key === "__proto__") {
    Object.defineProperty(holder, key, { value, writable: true, enumerable: true, configurable: true });
  } else {
    holder[key] = value;
  }
}

/** What stands under a key of its own; `__proto__` and its like are inherited by no value. */
const own = (holder, key) => (Object.hasOwn(holder, key) ? holder[key] : undefined);

/** A copy that shares only what cannot change, and how many values it has. */
function copied(value, counted) {
  counted.values += 1;
  if (Array.isArray(value)) return value.map((item) => copied(item, counted));
  if (value === null || typeof value !== "object") return value;
  const copy = {};
  for (const key of Object.keys(value)) put(copy, key, copied(value[key], counted));
  return copy;
}

function inOrder(value, keys) {
  const ordered = {};
  for (const key of keys) put(ordered, key, own(value, key));
  return ordered;
}

/** Applies one change to the object or array that holds the place. */
function change(holder, key, code, value) {
  if (code === "=") put(holder, key, copied(value, { values: 0 }));
  else if (code === "+") put(holder, key, own(holder, key) + value);
  else if (code === "-") delete holder[key];
  else if (code === "<") own(holder, key).length = value;
  else put(holder, key, inOrder(own(holder, key), value));
}

class Fold {
  constructor(blocks) {
    this.blocks = blocks;
    this.patches = [];
    this.places = [{ at: 0, root: this.#nothing(), growing: null }];
    this.spacing = SPACING;
    this.#stand(this.places[0]);
  }

  /** Unpacks until the first `events` changes are here. */
  async reach(events) {
    while (this.patches.length < events && this.#loaded < this.blocks.firsts.length) {
      this.coming ??= this.#load();
      await this.coming;
    }
  }

  /** The state after `events` changes, and which steps differ from the state before: null for any of them. */
  at(events) {
    const from = this.at_;
    let touched = new Set();
    if (events < from || events - from > 4 * SPACING) {
      const place = this.#nearest(events);
      if (events < from || place.at > from) {
        this.#stand(place);
        touched = null;
      }
    }
    while (this.at_ < events) touched = this.#advance(touched);
    return { state: this.root.state, touched };
  }

  #loaded = 0;

  async #load() {
    const values = await this.blocks.block(this.#loaded);
    for (const value of values) this.patches.push(value);
    this.#loaded += 1;
    this.coming = null;
  }

  #nothing() {
    return { state: { interaction: null, error: null, end: "open" } };
  }

  #nearest(events) {
    const places = this.places;
    let low = 0;
    for (let high = places.length; high - low > 1;) {
      const middle = (low + high) >> 1;
      if (places[middle].at <= events) low = middle;
      else high = middle;
    }
    return places[low];
  }

  #stand({ at, root, growing }) {
    this.at_ = at;
    this.root = copied(root, { values: 0 });
    this.growing = growing;
  }

  #advance(touched) {
    const told = this.patches[this.at_];
    if (typeof told === "string") touched = this.#apply("+", this.growing, told, touched);
    else {
      for (const [code, path, value] of told) touched = this.#apply(code, path, value, touched);
      if (told.length) this.growing = told.length === 1 && told[0][0] === "+" ? told[0][1] : null;
    }
    this.at_ += 1;
    this.#keepPlace();
    return touched;
  }

  #apply(code, path, value, touched) {
    let holder = this.root;
    let key = "state";
    for (const next of path) {
      holder = own(holder, key);
      key = next;
    }
    change(holder, key, code, value);
    return this.#touch(path, touched);
  }

  /** Notes the step that a change is about; null where it may be about any. */
  #touch(path, touched) {
    if (touched === null || path[0] !== "interaction" || path.length < 2) return null;
    if (path[1] !== "steps" && path[1] !== "outputs") return touched;
    return typeof path[2] === "number" ? touched.add(path[2]) : null;
  }

  #keepPlace() {
    const last = this.places[this.places.length - 1];
    if (this.at_ - last.at < this.spacing) return;
    const counted = { values: 0 };
    this.places.push({ at: this.at_, root: copied(this.root, counted), growing: this.growing });
    this.spacing = Math.max(SPACING, counted.values);
  }
}
