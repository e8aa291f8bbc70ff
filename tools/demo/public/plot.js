/** The two small plots: a line with gaps, and mirrored bars. One sample a second, a minute wide. */

const SAMPLES = 60;
const HEIGHT = 64;
const SVG = "http://www.w3.org/2000/svg";

/** A line over time. A `null` sample (nothing came back) is a gap. */
export class LinePlot {
  #samples = [];
  #area;
  #line;

  /** @param {SVGElement} svg */
  constructor(svg) {
    prepare(svg, HEIGHT - 0.5);
    this.#area = add(svg, "path", "area");
    this.#line = add(svg, "path", "line");
  }

  /** @param {number | null} value */
  push(value) {
    push(this.#samples, value);
    const known = this.#samples.filter((sample) => sample !== null);
    const top = Math.max(4, ...known) * 1.15;
    const y = (sample) => (HEIGHT - (sample / top) * (HEIGHT - 4)).toFixed(1);
    const runs = runsOf(this.#samples);
    this.#line.setAttribute("d", runs.map((run) => pathOf(run, y)).join(""));
    this.#area.setAttribute("d", runs.map((run) => areaOf(run, y)).join(""));
  }
}

/** What came in above a middle line, what went out below it. Square roots, so that a burst does not flatten the rest. */
export class RatePlot {
  #samples = [];
  #bars = [];

  /** @param {SVGElement} svg */
  constructor(svg) {
    prepare(svg, HEIGHT / 2);
    for (let n = 0; n < SAMPLES; n++) {
      this.#bars.push({ in: bar(svg, "in", n), out: bar(svg, "out", n) });
    }
  }

  /** @param {{ in: number, out: number }} sample */
  push(sample) {
    push(this.#samples, sample);
    const top = Math.sqrt(Math.max(4, ...this.#samples.flatMap((one) => [one.in, one.out])));
    const offset = SAMPLES - this.#samples.length;
    this.#samples.forEach((one, n) => {
      const bars = this.#bars[n + offset];
      const up = (Math.sqrt(one.in) / top) * (HEIGHT / 2 - 1);
      const down = (Math.sqrt(one.out) / top) * (HEIGHT / 2 - 1);
      place(bars.in, HEIGHT / 2 - up, up);
      place(bars.out, HEIGHT / 2, down);
    });
  }
}

function push(samples, sample) {
  samples.push(sample);
  if (samples.length > SAMPLES) samples.shift();
}

/** Stretches of consecutive samples, each with its place counted from the right edge. */
function runsOf(samples) {
  const runs = [];
  let run = [];
  samples.forEach((sample, n) => {
    if (sample === null) run = [];
    else {
      if (run.length === 0) runs.push(run);
      run.push({ x: SAMPLES - samples.length + n, sample });
    }
  });
  return runs;
}

function pathOf(run, y) {
  const dot = run.length === 1 ? "h.5" : "";
  return `M${run.map(({ x, sample }) => `${x} ${y(sample)}`).join("L")}${dot}`;
}

function areaOf(run, y) {
  return `${pathOf(run, y)}L${run[run.length - 1].x} ${HEIGHT}L${run[0].x} ${HEIGHT}Z`;
}

function prepare(svg, base) {
  svg.setAttribute("viewBox", `0 0 ${SAMPLES - 1} ${HEIGHT}`);
  const line = add(svg, "path", "base");
  line.setAttribute("d", `M0 ${base}H${SAMPLES - 1}`);
  line.setAttribute("vector-effect", "non-scaling-stroke");
}

function bar(svg, kind, n) {
  const rect = add(svg, "rect", kind);
  rect.setAttribute("x", String(n - 0.85));
  rect.setAttribute("width", "0.7");
  return rect;
}

function place(rect, y, height) {
  rect.setAttribute("y", y.toFixed(1));
  rect.setAttribute("height", height.toFixed(1));
}

function add(svg, tag, kind) {
  const element = document.createElementNS(SVG, tag);
  element.setAttribute("class", kind);
  svg.append(element);
  return element;
}
