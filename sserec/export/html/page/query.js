// The language of filters, the same as the viewer's (docs/viewer.md, Find and filter).
//
// All conditions must hold. Knows what is asked of one entry; must not know how entries are reached.

const UNITS = {
  count: { "": 1, k: 1e3, m: 1e6 },
  size: { "": 1, b: 1, k: 1e3, kb: 1e3, m: 1e6, mb: 1e6 },
  time: { "": 1e9, s: 1e9, ms: 1e6, us: 1e3, µs: 1e3, ns: 1, m: 6e10 },
};
const FACTS = {
  event: "name",
  step: "name",
  number: "count",
  t: "time",
  gap: "time",
  size: "size",
  stall: "flag",
  finding: "flag",
  mark: "flag",
  stray: "flag",
};
const ORDERS = { ">=": (a, b) => a >= b, "<=": (a, b) => a <= b, ">": (a, b) => a > b, "<": (a, b) => a < b };
const FLAG = /@(\w*)(?=\s|$)/y;
const COMPARED = /(@\w+|[A-Za-z_]\w*(?:\.(?:\*|\w+))*)(!?[=~]|[<>]=?)/y;
const WRITTEN = /\/((?:[^/\\]|\\.)+)\/(i?)(?=\s|$)|"((?:[^"\\]|\\.)*)"(?=\s|$)|(\S+)/y;
const NUMBER = /^-?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?$/;

/** What a text asks for, as a test of one subject; null for nothing. Throws an Error that says why it cannot. */
function parseQuery(text) {
  const tests = [];
  let at = text.search(/\S|$/);
  while (at < text.length) {
    const [test, end] = condition(text, at);
    tests.push(test);
    at = end + text.slice(end).search(/\S|$/);
  }
  return tests.length ? (subject) => tests.every((test) => test(subject)) : null;
}

function matched(pattern, text, at) {
  pattern.lastIndex = at;
  return pattern.exec(text);
}

function condition(text, at) {
  let negated = false;
  for (; text[at] === "!"; at += 1) negated = !negated;
  const [test, end] = positive(text, at);
  return [negated ? (subject) => !test(subject) : test, end];
}

function positive(text, at) {
  const alone = matched(FLAG, text, at);
  if (alone) return [flag(alone[1]), FLAG.lastIndex];
  const compared = matched(COMPARED, text, at);
  if (!compared) {
    const [wanted, end] = operand(text, at);
    return [(subject) => wanted.isIn(subject.text()), end];
  }
  const [wanted, end] = operand(text, COMPARED.lastIndex);
  const operator = compared[2].replace("!", "");
  const test =
    compared[1][0] === "@"
      ? known(compared[1].slice(1), operator, wanted)
      : valued(compared[1], operator, wanted);
  return [compared[2][0] === "!" ? (subject) => !test(subject) : test, end];
}

function operand(text, at) {
  const found = matched(WRITTEN, text, at);
  if (!found) throw new Error("something is missing here");
  const [, expression, loose, quoted, bare] = found;
  if (expression) return [expressed(expression, loose), WRITTEN.lastIndex];
  const literal = bare ?? quoted.replace(/\\(.)/g, "$1");
  if (!literal) throw new Error("nothing stands between the quotes");
  return [literally(literal), WRITTEN.lastIndex];
}

function expressed(source, flags) {
  let pattern;
  try {
    pattern = new RegExp(source, flags);
  } catch (fault) {
    throw new Error(`no regular expression: ${fault.message}`);
  }
  return { text: source, isIn: (text) => pattern.test(text), is: (text) => pattern.test(text) };
}

/** Finds a text, and in any case when it has no capitals. */
function literally(literal) {
  const isLoose = literal === literal.toLowerCase();
  const isIn = (text) => (isLoose ? text.toLowerCase() : text).includes(literal);
  return {
    text: literal,
    isIn: (text) => isIn(text) || (text.includes("\\") && isIn(unescaped(text))),
    is: (text) => text === literal,
  };
}

/** A JSON text with its escapes as what they stand for, to be searched in. */
function unescaped(text) {
  const short = { n: "\n", t: "\t", r: "\r", b: "\b", f: "\f" };
  return text.replace(/\\(?:u([0-9a-fA-F]{4})|(.))/gs, (_, code, one) =>
    code ? String.fromCharCode(parseInt(code, 16)) : (short[one] ?? one),
  );
}

function flag(name) {
  if (FACTS[name] !== "flag") throw new Error(`@${name} alone says nothing; what does: ${names("flag")}`);
  return (subject) => subject.has(name);
}

const names = (kind) =>
  Object.keys(FACTS)
    .filter((fact) => !kind || FACTS[fact] === kind)
    .map((fact) => `@${fact}`)
    .join(", ");

/** A condition on what is not in the JSON. */
function known(name, operator, wanted) {
  const kind = Object.hasOwn(FACTS, name) ? FACTS[name] : null;
  if (!kind) throw new Error(`nothing is called @${name}, only ${names()}`);
  if (kind === "name" && operator === "=") return (subject) => subject.names(name).some(wanted.is);
  if (kind === "name" && operator === "~") return (subject) => subject.names(name).some(wanted.isIn);
  if (!UNITS[kind] || operator === "~") throw new Error(`@${name} cannot be compared by ${operator}`);
  const limit = quantity(kind, wanted.text);
  const compare = ORDERS[operator] ?? ((value, other) => value === other);
  return (subject) => {
    const value = subject.quantity(name);
    return value !== null && compare(value, limit);
  };
}

function quantity(kind, text) {
  const found = /^(\d+(?:\.\d+)?)([A-Za-zµ]*)$/.exec(text);
  const unit = found && found[2].toLowerCase();
  if (!found || !Object.hasOwn(UNITS[kind], unit)) throw new Error(`no ${kind}: ${text}`);
  return Math.round(Number(found[1]) * UNITS[kind][unit]);
}

/** A condition on the JSON. */
function valued(path, operator, wanted) {
  const keys = path.split(".");
  const number = NUMBER.test(wanted.text) ? Number(wanted.text) : null;
  if (ORDERS[operator]) {
    if (number === null) throw new Error(`no number: ${wanted.text}`);
    return (subject) =>
      valuesAt(subject.json(), keys).some(
        (value) => typeof value === "number" && ORDERS[operator](value, number),
      );
  }
  const fits = operator === "~" ? wanted.isIn : wanted.is;
  return (subject) =>
    valuesAt(subject.json(), keys).some((value) => {
      const text = typeof value === "string" ? value : JSON.stringify(value);
      return fits(text) || (operator === "=" && number !== null && value === number);
    });
}

/** Every value at a path; `*` is any key or position. */
function valuesAt(value, path) {
  if (!path.length) return [value];
  if (value === null || typeof value !== "object") return [];
  const [key, ...rest] = path;
  if (key === "*") return Object.values(value).flatMap((inner) => valuesAt(inner, rest));
  return Object.hasOwn(value, key) && !(Array.isArray(value) && key === "length")
    ? valuesAt(value[key], rest)
    : [];
}
