// Elements and the words in them.
//
// Everything that a recording says becomes a text node here or an attribute that is only read, never markup.
// What would act on the text around it is shown as a picture of itself, as sserec.display does in a terminal.

const byId = (id) => document.getElementById(id);

/** An element with attributes and children; a string among the children is text. */
function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === true) made.setAttribute(name, "");
    else if (value !== false && value != null) made.setAttribute(name, value);
  }
  made.append(...children);
  return made;
}

// C0 but tab and line feed; DEL and C1; embeddings, overrides and isolates of the bidirectional algorithm.
const ACTING = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/g;

/** The text, with each character that would act on what stands around it made visible. */
function visible(text) {
  return text.replace(ACTING, (character) => {
    const code = character.charCodeAt(0);
    if (code < 0x20) return String.fromCharCode(0x2400 + code);
    return code === 0x7f ? "\u2421" : "\ufffd";
  });
}

/** Says something to those who listen to the page instead of looking at it. */
function say(words) {
  byId("said").textContent = words;
}

/** The class that gives a step, a delta or an event its colour; its words say the same. */
function kindOf(type) {
  if (/thought/.test(type)) return "thought";
  if (/_call$|arguments/.test(type)) return "call";
  if (/_result$/.test(type)) return "result";
  if (/error|malformed|unfinished/.test(type)) return "error";
  if (/output|^text|image|audio|video|document/.test(type)) return "output";
  return "other";
}
