"use strict";
// The patterns' programs, to read and copy, and the moments after a fault as marks on one axis.
(function patterns() {
  const section = document.getElementById("patterns");
  if (!section) return;
  const { h } = mvr;
  const SPACE = "http://www.w3.org/2000/svg";

  for (const place of section.querySelectorAll("details[data-program]")) {
    place.addEventListener("toggle", async () => {
      const body = place.querySelector(".code-scroll");
      if (!place.open || body.childElementCount) return;
      const [name, program] = place.dataset.program.split("/");
      const pattern = (await mvr.data("patterns")).find((each) => each.name === name);
      const { text } = pattern.programs.find((each) => each.name === program);
      const copy = h("button", { type: "button", class: "copy" }, "Copy");
      copy.addEventListener("click", async () => {
        try { await navigator.clipboard.writeText(text); copy.textContent = "Copied"; }
        catch { copy.textContent = `mvr pattern ${name} --copy here`; }
      });
      body.before(copy);
      body.append(h("ol", { class: "code" }, mvr.pythonLines(text.trimEnd()).map((pieces) => h("li", {}, pieces.length ? pieces : " "))));
    });
  }

  mvr.whenNear(section, async () => {
    if (!section.querySelector(".strips")) return;
    const all = await mvr.data("patterns");
    for (const place of section.querySelectorAll(".strips")) {
      draw(place, all.find((each) => each.name === place.dataset.pattern));
    }
  });

  function element(tag, attributes, text) {
    const made = document.createElementNS(SPACE, tag);
    for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
    if (text !== undefined) made.textContent = text;
    return made;
  }

  // One line for each program and figure: the fault at 0, a mark for each run. On a phone its name stands above it.
  function draw(place, pattern) {
    const lines = pattern.results.flatMap((result) => Object.entries(result.moments).map(([name, values]) => ({ result, name, values })));
    if (!lines.length) return;
    const most = Math.max(...lines.flatMap((line) => line.values)) * 1.05 || 1;
    const narrow = place.clientWidth < 600;
    const [left, width, row] = narrow ? [4, place.clientWidth - 40, 38] : [390, 520, 22];
    const x = (second) => left + (second / most) * width;
    const svg = element("svg", { class: "strip", viewBox: `0 0 ${left + width + (narrow ? 36 : 60)} ${lines.length * row + 34}`, role: "img",
      "aria-label": `${pattern.title}: seconds from a fault to what followed, a mark for each run` });
    lines.forEach(({ result, name, values }, at) => {
      const y = at * row + (narrow ? 28 : 14);
      svg.append(element("text", { x: narrow ? left + 8 : 0, y: narrow ? y - 12 : y + 4 }, `${result.program}${result.settings === "defaults" ? "" : `, ${result.settings}`}: ${name.replace(/^seconds /, "")}`),
        element("line", { class: "axis", x1: left, x2: left + width, y1: y, y2: y }));
      for (const value of values) {
        const mark = result.engine === "monarch"
          ? element("circle", { class: "dot monarch", cx: x(value), cy: y, r: 4.5, "fill-opacity": 0.65 })
          : element("rect", { class: "dot ray", x: x(value) - 4, y: y - 4, width: 8, height: 8, "fill-opacity": 0.65 });
        mark.append(element("title", {}, `${value} s`));
        svg.append(mark);
      }
    });
    const bottom = lines.length * row + 4;
    svg.append(element("line", { class: "fault", x1: left, x2: left, y1: 4, y2: bottom }), element("text", { x: left, y: bottom + 16 }, "fault"));
    for (let tick = 1; tick <= 4; tick++) {
      const second = (most / 4) * tick;
      svg.append(element("text", { x: x(second), y: bottom + 16, "text-anchor": "middle" }, `${second.toPrecision(2)} s`));
    }
    place.append(svg);
  }
})();
