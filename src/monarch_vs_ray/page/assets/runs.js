"use strict";
// Draw a run: lanes, bars, arrows and marks, both engines on one scale where their lengths allow it.
(function runs() {
  const place = document.getElementById("space-time");
  if (!place) return;
  const { h } = mvr;
  const form = document.getElementById("run-form");
  const [of, experiment, zoom] = ["run-of", "run-experiment", "run-zoom"].map((id) => document.getElementById(id));
  const SPACE = "http://www.w3.org/2000/svg";
  const LANE = 46, TOP = 26, RIGHT = 40;
  let all;

  form.hidden = false;
  form.addEventListener("submit", (event) => event.preventDefault());
  of.addEventListener("change", () => { list(); show(); });
  experiment.addEventListener("change", show);
  zoom.addEventListener("change", show);
  mvr.whenNear(place, async () => { all = await mvr.data("runs"); list(); show(); });
  window.addEventListener("resize", () => { if (all) show(); });

  function list() {
    const run = all.find((each) => each.name === of.value);
    experiment.replaceChildren(...run.experiments.map((each) => h("option", { value: each.name }, `${each.title} (${each.name})`)));
    const first = run.experiments.find((each) => Object.values(each.sides).some((side) => side.unit === "s" && side.arrows.length));
    if (first) experiment.value = first.name;
  }

  function show() {
    const run = all.find((each) => each.name === of.value);
    const found = run.experiments.find((each) => each.name === experiment.value) || run.experiments[0];
    const sides = Object.entries(found.sides);
    const lengths = sides.map(([, side]) => side.length);
    const together = Math.max(...lengths) / Math.min(...lengths) <= 20;
    place.replaceChildren(...sides.map(([engine, side]) => figure(engine, side, together ? Math.max(...lengths) : side.length, together || sides.length < 2)));
  }

  function figure(engine, side, length, together) {
    const title = `${mvr.names[engine]}: ${side.lanes.length} lanes, ${side.arrows.length} messages`;
    return h("figure", { class: `run ${engine}` },
      h("figcaption", {}, h("span", { class: `who ${engine}` }, mvr.names[engine]), h("span", { class: "hint" }, [side.note, together ? "" : "a scale of its own"].filter(Boolean).join("; "))),
      h("div", { class: "table-scroll", tabindex: "0", role: "group", "aria-label": title }, drawing(side, length, title)),
      h("details", {}, h("summary", {}, "As text"), h("ol", { class: "plain events" }, told(side).map((line) => h("li", {}, line)))));
  }

  // All that is drawn, in order of time, for whoever does not see it.
  function told(side) {
    const time = (value) => (side.unit === "s" ? `${round(value)} s` : `place ${value}`);
    return [
      ...side.arrows.map(([from, start, to, end, text]) => [start, `${time(start)} ${side.lanes[from]} → ${side.lanes[to]} ${time(end)}: ${text}`]),
      ...side.marks.map(([lane, at, text, kind]) => [at, `${time(at)} ${side.lanes[lane]}: ${kind === "fault" ? "fault, " : ""}${text}`]),
      ...side.bars.filter((bar) => bar[3]).map(([lane, start, end, text]) => [start, `${time(start)} to ${time(end)} ${side.lanes[lane]}: ${text}`]),
    ].sort((one, other) => one[0] - other[0]).map(([, text]) => text);
  }

  const round = (value) => Number(value.toPrecision(4));

  function element(tag, attributes, ...children) {
    const made = document.createElementNS(SPACE, tag);
    for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
    made.append(...children);
    return made;
  }

  function titled(node, text) {
    node.append(element("title", {}, text));
    return node;
  }

  function drawing(side, length, title) {
    const LABEL = place.clientWidth < 600 ? 92 : 150;
    const width = Math.max(420, place.clientWidth - 4) * Number(zoom.value);
    const inner = width - LABEL - RIGHT;
    const x = (value) => LABEL + (value / (length || 1)) * inner;
    const y = (lane) => TOP + lane * LANE + LANE / 2;
    const height = TOP + side.lanes.length * LANE + 26;
    const svg = element("svg", { class: "space", width, height, viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": title });
    axis(svg, side, length, x, height);
    side.lanes.forEach((name, lane) => {
      svg.append(element("line", { class: "lane", x1: LABEL, x2: width - RIGHT, y1: y(lane), y2: y(lane) }),
        titled(element("text", { class: "name", x: 0, y: y(lane) + 4 }, name.length > LABEL / 7.5 ? `${name.slice(0, LABEL / 7.5 - 1)}…` : name), name));
    });
    for (const [lane, start, end, text, kind] of side.bars) {
      const high = kind === "life" ? 4 : kind === "step" ? 12 : 7;
      const bar = element("rect", { class: `bar ${kind}`, x: x(start), y: y(lane) - high / 2, width: Math.max(1, x(end) - x(start)), height: high });
      svg.append(text ? titled(bar, `${text}: ${round(end - start)} s`) : bar);
    }
    for (const arrow of side.arrows) svg.append(drawArrow(arrow, x, y, side));
    drawMarks(svg, side, x, y);
    return svg;
  }

  function axis(svg, side, length, x, height) {
    const steps = side.unit === "s" ? 5 : Math.min(8, Math.max(1, Math.round(length)));
    for (let at = 0; at <= steps; at++) {
      const value = side.unit === "s" ? (length / steps) * at : Math.round((length / steps) * at);
      svg.append(element("line", { class: "grid", x1: x(value), x2: x(value), y1: TOP - 4, y2: height - 22 }),
        element("text", { class: "tick", x: x(value), y: height - 6, "text-anchor": "middle" }, side.unit === "s" ? `${Number(value.toPrecision(2))} s` : value));
    }
  }

  function drawArrow([from, start, to, end, text, kind], x, y, side) {
    const [x1, y1, x2, y2] = [x(start), y(from), x(end), y(to)];
    const away = from === to ? 0 : Math.sign(y2 - y1) * 5;
    const angle = Math.atan2(y2 - away - y1, x2 - x1);
    const tip = [x2, y2 - away];
    const wing = (turn) => `${tip[0] - 8 * Math.cos(angle + turn)} ${tip[1] - 8 * Math.sin(angle + turn)}`;
    const path = from === to ? `M${x1} ${y1} Q${(x1 + x2) / 2} ${y1 - 26} ${x2} ${y2}` : `M${x1} ${y1} L${tip.join(" ")} M${wing(0.4)} L${tip.join(" ")} L${wing(-0.4)}`;
    const time = side.unit === "s" ? `, ${round(end - start)} s` : "";
    return titled(element("path", { class: `arrow ${kind}`, d: path }), `${text}${time}`);
  }

  // Notices at one moment share a mark; short texts stand beside it where there is room.
  function drawMarks(svg, side, x, y) {
    const spots = new Map();
    for (const [lane, at, text, kind] of side.marks) {
      const spot = `${lane} ${Math.round(x(at) / 6)} ${kind}`;
      if (!spots.has(spot)) spots.set(spot, { lane, at, kind, texts: [] });
      spots.get(spot).texts.push(text);
    }
    const taken = {};
    for (const { lane, at, kind, texts } of [...spots.values()].sort((one, other) => one.at - other.at)) {
      const [cx, cy] = [x(at), y(lane)];
      const mark = kind === "fault"
        ? element("path", { class: "mark-fault", d: `M${cx - 6} ${cy - 6}L${cx + 6} ${cy + 6}M${cx + 6} ${cy - 6}L${cx - 6} ${cy + 6}` })
        : element("circle", { class: `dot ${kind}`, cx, cy, r: 4.5 });
      svg.append(titled(mark, texts.join("\n")));
      const label = texts[0] + (texts.length > 1 ? ` (+${texts.length - 1})` : "");
      const shown = label.length > 34 ? `${label.slice(0, 33)}…` : label;
      const reach = shown.length * 6.4 + 10;
      const fits = cx + reach < Number(svg.getAttribute("width"));
      const from = fits ? cx : cx - reach;
      if (from < (taken[lane] ?? 0)) continue;
      taken[lane] = fits ? cx + reach : cx + 8;
      svg.append(element("text", { class: `say ${kind}`, x: fits ? cx + 2 : cx - 2, y: cy - 9, "text-anchor": fits ? "start" : "end" }, shown));
    }
  }
})();
