// Markdown as models write it, made of elements, never of markup.
//
// A text is cut into paragraphs where a new one can begin whatever stood before, and each is laid out once:
// while an answer arrives only its last paragraph changes. A link is shown and leads nowhere: a page about a
// recording sends nobody away.

const FENCE = /^ {0,3}(`{3,}|~{3,})\s*([^`\s]*)[^`]*$/;
const INLINE =
  /(?<!`)(`+)(?!`)([^]*?[^`])\1(?!`)|\*\*(?=\S)([^*]+?)\*\*|__(?=\S)([^_]+?)__|\*(?=\S)([^*\n]+?)\*|~~([^~]+?)~~|\[([^\][]*)\]\(([^()\s]*)\)|\\([!-/:-@[-`{-~])/g;
/** A longer one is shown as it is: no paragraph that people read is. */
const MAX_PARAGRAPH = 20000;
/** What follows so many is one more, and shown as it is. */
const MAX_PARAGRAPHS = 5000;

/** Where the paragraphs of a text begin. */
function paragraphs(text, from = 0, most = MAX_PARAGRAPHS) {
  const starts = [from];
  let fence = null;
  let wasBlank = false;
  let position = from;
  while (position < text.length && starts.length < most) {
    let end = text.indexOf("\n", position);
    end = end < 0 ? text.length : end + 1;
    const line = text.slice(position, Math.min(end, position + 200)).trimEnd();
    const found = FENCE.exec(line);
    const opens = found && !fence;
    if (
      (opens || (wasBlank && !fence && line && !/^\s/.test(line))) &&
      position > starts[starts.length - 1]
    ) {
      starts.push(position);
    }
    if (opens) fence = found[1];
    else if (
      fence &&
      line.trim().startsWith(fence) &&
      !line.trim().slice(fence.length).replaceAll(fence[0], "")
    ) {
      fence = null;
      starts.push(end);
    }
    wasBlank = !line;
    position = end;
  }
  return starts.filter((start, index) => index === 0 || start < text.length);
}

/** A text that may grow, laid out. */
class MarkdownView {
  constructor() {
    this.element = element("div", { class: "markdown", dir: "auto" });
    this.text = "";
    this.starts = [0];
    this.made = [];
  }

  show(text) {
    if (text === this.text) return;
    const kept = this.#kept(text);
    const rest = paragraphs(text, kept ? this.starts[kept] : 0, MAX_PARAGRAPHS - kept);
    const starts = [...this.starts.slice(0, kept), ...rest];
    for (const gone of this.made.splice(kept)) gone.remove();
    for (let index = kept; index < starts.length; index += 1) {
      const made = paragraph(text.slice(starts[index], starts[index + 1]));
      this.made.push(made);
      this.element.append(made);
    }
    this.text = text;
    this.starts = starts;
  }

  /** How many paragraphs another text has in common: all but the last of one that grew or was cut. */
  #kept(text) {
    if (text.startsWith(this.text)) return Math.max(this.starts.length - 1, 0);
    if (!this.text.startsWith(text)) return 0;
    return Math.max(countUpTo(this.starts, text.length - 1) - 2, 0);
  }
}

/** One paragraph, whatever kind it is. */
function paragraph(source) {
  const lines = source.replace(/\n+$/, "").split("\n");
  if (source.length > MAX_PARAGRAPH) return element("p", {}, visible(source));
  const fence = FENCE.exec(lines[0]);
  if (fence) return fenced(lines, fence);
  const made = element("div", { class: "paragraph" });
  for (let at = 0; at < lines.length;) at = block(lines, at, made);
  return made;
}

function fenced(lines, [, fence]) {
  const isClosed = lines.length > 1 && lines[lines.length - 1].trim().startsWith(fence);
  return element("pre", { class: "code" }, visible(lines.slice(1, isClosed ? -1 : undefined).join("\n")));
}

const LIST = /^(\s*)([-*+]|\d{1,9}[.)])\s+(.*)$/;
const HEADING = /^ {0,3}(#{1,6})\s+(.*?)\s*#*$/;
const TABLE_RULE = /^\s*\|?\s*:?-+:?\s*(\|\s*:?-+:?\s*)*\|?\s*$/;

/** Lays out the block that begins at a line; returns the line behind it. */
function block(lines, at, into) {
  const line = lines[at];
  if (!line.trim()) return at + 1;
  const heading = HEADING.exec(line);
  if (heading) {
    into.append(element("p", { class: `heading level-${heading[1].length}` }, ...inline(heading[2])));
    return at + 1;
  }
  if (/^ {0,3}([-*_])(\s*\1){2,}\s*$/.test(line)) {
    into.append(element("hr"));
    return at + 1;
  }
  if (LIST.test(line)) return list(lines, at, into);
  if (/^ {0,3}>/.test(line)) return quote(lines, at, into);
  if (line.includes("|") && TABLE_RULE.test(lines[at + 1] ?? "")) return table(lines, at, into);
  return prose(lines, at, into);
}

function prose(lines, at, into) {
  const begin = at;
  do at += 1;
  while (at < lines.length && lines[at].trim() && !HEADING.test(lines[at]) && !LIST.test(lines[at]));
  into.append(element("p", {}, ...inline(lines.slice(begin, at).join("\n"))));
  return at;
}

/** Lists are drawn by how far their items are indented, which is how models mean them. */
function list(lines, at, into) {
  const made = element("ul", { class: "list" });
  while (at < lines.length && (LIST.test(lines[at]) || /^\s+\S/.test(lines[at]))) {
    const item = LIST.exec(lines[at]);
    if (item) {
      const depth = Math.min(Math.floor(item[1].replaceAll("\t", "    ").length / 2), 6);
      const sign = /\d/.test(item[2]) ? item[2] : "•";
      made.append(element("li", { class: `depth-${depth}`, "data-sign": sign }, ...inline(item[3])));
    } else {
      made.lastChild.append("\n", ...inline(lines[at].trim()));
    }
    at += 1;
  }
  into.append(made);
  return at;
}

function quote(lines, at, into) {
  const said = [];
  for (; at < lines.length && /^ {0,3}>/.test(lines[at]); at += 1)
    said.push(lines[at].replace(/^ {0,3}> ?/, ""));
  into.append(element("blockquote", {}, ...inline(said.join("\n"))));
  return at;
}

function table(lines, at, into) {
  const cells = (line) =>
    line
      .trim()
      .replace(/^\||\|$/g, "")
      .split("|")
      .map((cell) => cell.trim());
  const row = (line, tag) =>
    element("tr", {}, ...cells(line).map((cell) => element(tag, {}, ...inline(cell))));
  const head = element("thead", {}, row(lines[at], "th"));
  const body = element("tbody");
  for (at += 2; at < lines.length && lines[at].includes("|"); at += 1) body.append(row(lines[at], "td"));
  into.append(element("table", {}, head, body));
  return at;
}

/** Text with its emphasis; a link is its words and where it would have led. */
function inline(text) {
  const made = [];
  let position = 0;
  for (const found of text.matchAll(INLINE)) {
    if (found.index > position) made.push(visible(text.slice(position, found.index)));
    made.push(...emphasised(found));
    position = found.index + found[0].length;
  }
  made.push(visible(text.slice(position)));
  return made;
}

function emphasised([, , code, bold, strong, italic, struck, words, target, escaped]) {
  if (code !== undefined) return [element("code", {}, visible(code))];
  if (bold ?? strong) return [element("strong", {}, visible(bold ?? strong))];
  if (italic) return [element("em", {}, visible(italic))];
  if (struck) return [element("s", {}, visible(struck))];
  if (escaped) return [escaped];
  return [
    element("span", { class: "link" }, visible(words || target)),
    element("span", { class: "target" }, ` (${visible(target)})`),
  ];
}
