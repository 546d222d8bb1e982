// The answer as it stood at a moment: steps under their headings, each part in its own way.
//
// A step is drawn anew only where the fold says that it changed, and of a text that grew only its last
// paragraph.

const PLAYED = { image: "img", audio: "audio", video: "video" };
const SAID_ELSEWHERE = new Set(["type", "signature", "id", "call_id", "name", "server_name", "is_error"]);

const MAX_STEPS = 1000;

class AnswerView {
  constructor() {
    this.body = byId("answer-body");
    this.before = element("p", { class: "nothing", hidden: true });
    this.behind = element("p", { class: "nothing", hidden: true });
  }

  open(exchange) {
    this.exchange = exchange;
    this.views = new Map();
    this.body.replaceChildren(this.before, this.behind);
    this.body.scrollTop = 0;
  }

  /** Draws a state; `touched` are the steps that differ from the one drawn last, null for any. */
  show({ interaction, error, end }, touched, position) {
    const wasAtFoot = this.body.scrollHeight - this.body.scrollTop - this.body.clientHeight < 40;
    const steps = stepsOf(interaction);
    const isOver = position === this.exchange.length;
    this.events = this.exchange.changes(position);
    this.#drawSteps(steps, touched);
    this.#drawError(error);
    this.#markArrival(steps.length - 1, !isOver && end === "open" && isRunning(interaction));
    tell(this.behind, this.#words(steps.length || error !== null, isOver, end));
    showFacts(interaction, end);
    if (!isOver && (wasAtFoot || !this.isPlayed)) this.body.scrollTop = this.body.scrollHeight; // it grows there
  }

  /** The last steps: a thousand are more than anybody reads, and quickly drawn. */
  #drawSteps(steps, touched) {
    const first = Math.max(steps.length - MAX_STEPS, 0);
    tell(this.before, first ? `${count(first, "step")} before these are not drawn.` : "");
    for (const [index, view] of this.views) {
      if (index < first || index >= steps.length) this.#remove(index, view);
    }
    let previous = this.before;
    for (let index = first; index < steps.length; index += 1) {
      const known = this.views.get(index);
      const view = known ?? this.#add(index, previous);
      if (!known || !touched || touched.has(index)) view.show(blocksOf(steps[index], index, this.exchange));
      previous = view.element;
    }
  }

  #drawError(error) {
    this.failure?.remove();
    this.failure = null;
    if (error === null) return;
    const view = new StepView();
    view.show([jsonOf("error", "error", [], error)]);
    this.failure = view.element;
    this.behind.before(this.failure);
  }

  #add(index, previous) {
    const view = new StepView();
    previous.after(view.element);
    this.views.set(index, view);
    return view;
  }

  #remove(index, view) {
    view.element.remove();
    this.views.delete(index);
  }

  #markArrival(last, isArriving) {
    this.arriving?.classList.remove("arriving");
    this.arriving = isArriving ? this.views.get(last)?.element : null;
    this.arriving?.classList.add("arriving");
  }

  /** What stands behind the steps: that there are none, or that the stream broke off. */
  #words(isThere, isOver, end) {
    const { ending, clean } = this.exchange.summary;
    const { late, mute_from: mute } = this.exchange.told;
    if (mute !== null && (isOver || this.events >= mute))
      return `From event ${mute.toLocaleString("en")} on the answer is too large for this page (sserec view).`;
    if (!isThere) return isOver ? "No interaction was answered here." : "Nothing has been answered yet.";
    if (late && !isOver)
      return `Of this answer ${count(late, "change")} can be told only with a later event.`;
    return isOver && (end === "open" || !clean)
      ? `The stream ended here: ${ending ?? "nothing more was recorded"}.`
      : "";
  }
}

/** Says something in a line of its own, or nothing. */
function tell(line, words) {
  line.hidden = !words;
  line.textContent = words;
}

const isRunning = (interaction) => [undefined, null, "in_progress"].includes(interaction?.status);

const stepsOf = (interaction) => {
  const steps = interaction?.steps ?? interaction?.outputs;
  return Array.isArray(steps) ? steps : [];
};

/** What the interaction says of itself, and how it ended. */
function showFacts(interaction, end) {
  const usage = interaction?.usage;
  const facts = [
    interaction?.model ?? interaction?.agent,
    interaction?.status,
    typeof usage?.total_tokens === "number" ? count(usage.total_tokens, "token") : null,
    end === "failed" || end === "done only" ? end : null,
  ].filter((fact) => typeof fact === "string");
  byId("answer-facts").replaceChildren(...facts.map((fact) => element("li", {}, visible(fact))));
}

/** One step, as blocks that are replaced only where they become something else. */
class StepView {
  constructor() {
    this.element = element("article", { class: "step-view" });
    this.blocks = [];
  }

  show(blocks) {
    for (const gone of this.blocks.splice(blocks.length)) gone.element.remove();
    blocks.forEach((block, index) => {
      const before = this.blocks[index];
      const isSame = before && before.key === block.key;
      const view = isSame ? before : new BlockView(block.key);
      if (before && !isSame) before.element.replaceWith(view.element);
      else if (!before) this.element.append(view.element);
      this.blocks[index] = view;
      view.show(block);
    });
    this.element.className = `step-view ${kindOf(blocks[0]?.type ?? "")}`;
  }
}

class BlockView {
  constructor(key) {
    this.key = key;
    this.heading = element("h3");
    this.element = element("section", { class: "block" }, this.heading);
    this.titled = null;
  }

  show({ title, meta, form, value, draw }) {
    const titled = JSON.stringify([title, meta]);
    if (titled !== this.titled) {
      this.heading.replaceChildren(
        visible(title),
        ...meta.map((word) => element("span", { class: "meta" }, visible(word))),
      );
      this.titled = titled;
    }
    if (form === "markdown") this.#markdown(value);
    else if (value !== this.value || !this.content) this.#replace(draw());
    this.value = value;
  }

  #markdown(text) {
    if (!this.view) {
      this.view = new MarkdownView();
      this.#replace(this.view.element);
    }
    this.view.show(text);
  }

  #replace(content) {
    this.content?.remove();
    this.content = content;
    this.element.append(content);
  }
}

/** The blocks of a step: what people read under one heading each. */
function blocksOf(step, index, exchange) {
  if (step === null || typeof step !== "object" || Array.isArray(step))
    return [jsonOf("step", "step", [], step)];
  const type = String(step.type ?? "step");
  const place = new Places(index, exchange);
  if (type === "thought") return partsOf(type, step.summary, signed(step), place, "\n\n");
  if (type === "model_output" || type === "user_input")
    return partsOf(type, step.content, failed(step), place);
  if (type.endsWith("_call")) return [callOf(type, step)];
  if (type.endsWith("_result")) return resultOf(type, step, place);
  return partsOf(type, [step], [], place);
}

/** Counts the parts of a step as the exported media are counted. */
class Places {
  constructor(step, exchange) {
    Object.assign(this, { step, exchange });
    this.part = 0;
  }

  next() {
    this.part += 1;
    return this.exchange.told.media[`${this.step}.${this.part}`];
  }
}

const blockOf = (type, title, meta, form, value, draw) => ({
  type,
  title,
  meta,
  form,
  value,
  draw,
  key: `${form} ${title}`,
});
const jsonOf = (type, title, meta, value) => {
  const text = jsonText(value);
  return blockOf(type, title, meta, "json", text, () => jsonBlock(text));
};
const plainOf = (type, title, meta, text) =>
  blockOf(type, title, meta, "text", text, () => element("pre", { class: "code" }, visible(text)));
const failed = (step) => (step.error ? [`error: ${jsonText(step.error)}`] : []);

function signed(step) {
  return typeof step.signature === "string" && step.signature
    ? [`signature ${size(step.signature.length)}`]
    : [];
}

/** Texts that follow one another are one block; everything else is one of its own. */
function partsOf(type, parts, meta, place, between = "") {
  const blocks = [];
  let texts = null;
  const given = Array.isArray(parts) ? parts : [];
  const close = () => {
    if (texts !== null) blocks.push(blockOf(type, type, meta, "markdown", texts));
    texts = null;
  };
  for (const part of given) {
    const carried = place.next();
    if (typeof part?.text === "string") {
      texts = texts === null ? part.text : texts + between + part.text;
      if (Array.isArray(part.annotations)) {
        close();
        blocks.push(...sourcesOf(type, part.annotations));
      }
      continue;
    }
    close();
    blocks.push(otherPart(type, part, carried));
  }
  if (!blocks.length && texts === null) texts = "";
  close();
  return blocks;
}

function otherPart(type, part, carried) {
  if (part === null || typeof part !== "object" || !("data" in part || "uri" in part))
    return jsonOf(type, type, [], part);
  const title = typeof part.type === "string" ? part.type : type;
  const length = part.data?.[TAG] ?? 0;
  const isWhole = Boolean(carried?.id) && carried.characters === length;
  const text = jsonText(part) + isWhole;
  return blockOf(type, title, [], "media", text, () =>
    mediaFigure(part, length, isWhole ? carried : null, carried?.why),
  );
}

/** An image, a sound, a film, or what there is to say of one that is not shown. */
function mediaFigure(part, length, carried, why) {
  const type = typeof part.mime_type === "string" ? part.mime_type : "no type";
  const amount = length
    ? size(Math.floor((length * 3) / 4))
    : typeof part.uri === "string"
      ? `not sent along: ${part.uri}`
      : "empty";
  const caption = element(
    "figcaption",
    {},
    visible([type, amount, ...(carried || !why ? [] : [why])].join(" · ")),
  );
  const figure = element("figure", {}, caption);
  const tag = carried && PLAYED[carried.shown.split("/")[0]];
  if (tag) {
    const source = `data:${carried.shown};base64,${byId(carried.id).textContent}`;
    figure.prepend(
      element(tag, {
        src: source,
        controls: tag !== "img",
        alt: tag === "img" ? visible(`${type}, ${amount}`) : null,
      }),
    );
  }
  return figure;
}

function callOf(type, step) {
  const meta = ["id", "call_id"].filter((key) => step[key]).map((key) => `${key} ${String(step[key])}`);
  const title = step.name ? `${type} ${String(step.name)}` : type;
  const { arguments: given } = step;
  if (typeof given === "string") return plainOf(type, title, meta, given);
  if (typeof given?.code === "string") return plainOf(type, title, meta, given.code);
  return given === undefined || given === null
    ? plainOf(type, title, meta, "")
    : jsonOf(type, title, meta, given);
}

function resultOf(type, step, place) {
  const meta = [
    ...(step.call_id ? [`for ${String(step.call_id)}`] : []),
    ...(step.is_error ? ["failed"] : []),
  ];
  const title = step.name ? `${type} ${String(step.name)}` : type;
  const { result } = step;
  if (typeof result === "string") return [plainOf(type, title, meta, result)];
  if (Array.isArray(result)) {
    const blocks = partsOf(type, result, [], place);
    return blocks.map((each, index) =>
      each.form === "media"
        ? each
        : { ...each, title, meta: index ? [] : meta, key: `${each.form} ${title}` },
    );
  }
  if (result !== undefined && result !== null) return [jsonOf(type, title, meta, result)];
  const rest = Object.fromEntries(Object.entries(step).filter(([key]) => !SAID_ELSEWHERE.has(key)));
  return [Object.keys(rest).length ? jsonOf(type, title, meta, rest) : plainOf(type, title, meta, "")];
}

/** What a text cites, each place once. */
function sourcesOf(type, annotations) {
  const lines = new Set();
  for (const cited of annotations) {
    const where = [cited?.url, cited?.uri, cited?.file_name].find((each) => typeof each === "string");
    const title = [cited?.title, cited?.name].find((each) => typeof each === "string");
    if (where) lines.add(title ? `${title}: ${where}` : where);
  }
  if (!lines.size) return [];
  const value = [...lines].join("\n");
  const items = () =>
    element("ul", { class: "sources" }, ...[...lines].map((line) => element("li", {}, visible(line))));
  return [blockOf(type, "sources", [], "sources", value, items)];
}
