// JSON to look at: indented and coloured by its own text, never by what JavaScript makes of it.
//
// A number is shown as it was written, though no double holds it; keys keep their order, and a repeated key
// is seen twice.

const TOKEN = /"(?:[^"\\]|\\.)*"|[{}[\],:]|[^\s{}[\],:"]+/gs;
const MAX_TOKENS = 4000;
const INDENT = "  ";

/** Whether the text is JSON that nests no deeper than what is worth drawing. */
function isJson(text) {
  try {
    const value = JSON.parse(text);
    return typeof value === "object" && value !== null;
  } catch {
    return false;
  }
}

/** The tokens of a JSON text, with the blanks and line ends that belong before them. */
function* tokens(text) {
  let depth = 0;
  let before = "";
  for (const [token] of text.matchAll(TOKEN)) {
    const opens = token === "{" || token === "[";
    const closes = token === "}" || token === "]";
    if (closes) depth -= 1;
    if (before === "," || (isOpening(before) && !closes) || (closes && !isOpening(before))) {
      yield ["", "\n" + INDENT.repeat(depth)];
    }
    yield [token, before === ":" ? " " : ""];
    if (opens) depth += 1;
    before = token;
  }
}

const isOpening = (token) => token === "{" || token === "[";

/** A JSON text as lines with colours; what is too long for colours has none. */
function jsonLines(text) {
  const lines = document.createDocumentFragment();
  let plain = "";
  let drawn = 0;
  let last = null;
  for (const [token, blank] of tokens(text)) {
    if (token === ":" && last) last.className = "key";
    plain += blank;
    const kind = drawn < MAX_TOKENS ? kindOfToken(token) : "";
    if (!kind) {
      plain += visible(token);
      if (token) last = null;
      continue;
    }
    lines.append(plain);
    plain = "";
    last = element("span", { class: kind }, visible(token));
    lines.append(last);
    drawn += 1;
  }
  lines.append(plain);
  return lines;
}

function kindOfToken(token) {
  if (token[0] === '"') return "string";
  if (token === "\u2026") return "left-out";
  return /^[-\d]/.test(token) ? "number" : /^[tfn]/.test(token) ? "word" : "";
}

/** A value of the page as JSON; where base64 or a long string stands, how long it is. */
function jsonText(value) {
  if (value === null || typeof value !== "object") return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(jsonText).join(",")}]`;
  const keys = Object.keys(value);
  if (keys.length === 1 && keys[0] === TAG) return travelled(value[TAG]);
  return `{${keys.map((key) => `${JSON.stringify(key)}:${jsonText(own(value, key))}`).join(",")}}`;
}

/** What a tagged value stands for: a number as it was written, or how long a text is. */
const travelled = (what) =>
  typeof what === "number" ? JSON.stringify(`… ${count(what, "character")} …`) : String(what);

const jsonBlock = (text) => element("pre", { class: "json" }, jsonLines(text));
