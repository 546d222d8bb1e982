// The data of the page: blocks of gzip in base64, unpacked when somebody looks.
//
// Nothing is fetched: the policy of the page would not allow it. A block holds some 256 kB of JSON, so that
// to unpack one never holds the page up for longer than a frame.

const TAG = "\ue000";
const KEPT_BLOCKS = 96;

/** The bytes of base64; the browser's own way to them is as young as 2025. */
function fromBase64(text) {
  if (Uint8Array.fromBase64) return Uint8Array.fromBase64(text);
  const characters = atob(text);
  const bytes = new Uint8Array(characters.length);
  for (let index = 0; index < bytes.length; index += 1) bytes[index] = characters.charCodeAt(index);
  return bytes;
}

/** The JSON of one block; null where the page has none of this name. */
async function unpacked(name) {
  const carrier = byId(name);
  if (!carrier) return null;
  const stream = new Blob([fromBase64(carrier.textContent)])
    .stream()
    .pipeThrough(new DecompressionStream("gzip"));
  return JSON.parse(await new Response(stream).text());
}

/** Values of one kind, in blocks of which the last ones used are kept. */
class Blocks {
  constructor(kind, exchange, firsts) {
    this.firsts = firsts;
    this.prefix = `${kind}-${exchange}`;
    this.kept = new Map();
    this.coming = new Map();
  }

  /** Which block holds the value at `index`. */
  holder(index) {
    return countUpTo(this.firsts, index) - 1;
  }

  /** The value, or undefined while its block is not here. */
  peek(index) {
    const block = this.holder(index);
    return this.kept.get(block)?.[index - this.firsts[block]];
  }

  /** The values of a block. */
  async block(number) {
    const kept = this.kept.get(number);
    if (kept) {
      this.kept.delete(number); // the latest stands last
      this.kept.set(number, kept);
      return kept;
    }
    if (!this.coming.has(number)) this.coming.set(number, this.#unpack(number));
    return this.coming.get(number);
  }

  async #unpack(number) {
    const values = await unpacked(`${this.prefix}-${number}`);
    this.coming.delete(number);
    this.kept.set(number, values);
    if (this.kept.size > KEPT_BLOCKS) this.kept.delete(this.kept.keys().next().value);
    return values;
  }
}
