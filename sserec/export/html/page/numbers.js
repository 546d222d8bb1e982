// Quantities as sserec.display writes them, and places in sorted arrays.

const count = (number, noun) => `${number.toLocaleString("en")} ${noun}${number === 1 ? "" : "s"}`;

/** `7.412`: a place on a stream's time line. */
const seconds = (ns) => (ns / 1e9).toFixed(3);

/** `840 µs`, `182 ms`, `1.16 s`, `12:05`. */
function duration(ns) {
  const time = ns / 1e9;
  if (time < 0.0009995) return `${(time * 1e6).toFixed(0)} µs`;
  if (time < 0.9995) return `${+(time * 1e3).toPrecision(3)} ms`;
  if (time < 60) return `${time.toFixed(2)} s`;
  const whole = Math.round(time);
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")}`;
}

/** `3.1 kB`. */
function size(bytes) {
  if (bytes < 1000) return `${bytes} B`;
  let value = bytes;
  for (const unit of ["kB", "MB", "GB", "TB"]) {
    value /= 1000;
    if (value < 999.5) return `${value < 100 ? +value.toPrecision(3) : value.toFixed(0)} ${unit}`;
  }
  return `${value.toFixed(0)} TB`;
}

/** How many of the sorted values are at most `limit`. */
function countUpTo(values, limit, from = 0, to = values.length) {
  while (from < to) {
    const middle = (from + to) >> 1;
    if (values[middle] <= limit) from = middle + 1;
    else to = middle;
  }
  return from;
}

const within = (value, least, most) => Math.min(Math.max(value, least), most);
