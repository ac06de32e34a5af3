"use strict";
// Draw charts when they come near, in the colours of the theme, without evaluating text as code.
(function charts() {
  const { h } = mvr;
  const figures = [...document.querySelectorAll("[data-chart]")];
  const ENGINE = { "#0072b2": "--monarch", "#d55e00": "--ray" };
  const drawn = new Map();
  const pen = document.createElement("canvas").getContext("2d");
  const property = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

  figures.forEach((figure) => {
    mvr.whenNear(figure, () => draw(figure));
    const details = figure.querySelector(".numbers-of");
    details.addEventListener("toggle", async () => {
      const place = details.querySelector(".table-scroll");
      if (!details.open || place.childElementCount) return;
      const chart = (await mvr.data("charts"))[figure.dataset.chart];
      place.append(h("table", {}, h("thead", {}, h("tr", {}, chart.columns.map((name) => h("th", { scope: "col" }, name)))),
        h("tbody", {}, chart.data.map((row) => h("tr", {}, row.map((value) => h("td", {}, value === null ? "" : String(value))))))));
    });
  });
  let waiting = 0;
  window.addEventListener("resize", () => {
    clearTimeout(waiting);
    waiting = setTimeout(() => drawn.forEach((_, figure) => draw(figure)), 200);
  });
  document.addEventListener("mvr-theme", () => drawn.forEach((_, figure) => draw(figure)));

  async function draw(figure) {
    const chart = (await mvr.data("charts"))[figure.dataset.chart];
    const place = figure.querySelector(".plot");
    const width = Math.max(280, place.clientWidth);
    let text = JSON.stringify(chart.spec);
    for (const [color, variable] of Object.entries(ENGINE)) text = text.replaceAll(`"${color}"`, `"${property(variable)}"`);
    const spec = JSON.parse(text);
    fit(spec, width);
    breakLabels(spec, chart, width);
    choosable(spec);
    const [ink, soft, line] = [property("--text"), property("--soft"), property("--line")];
    spec.background = "transparent";
    spec.config = {
      ...spec.config,
      font: "system-ui, sans-serif",
      mark: { tooltip: { content: "data" } },
      view: { stroke: line },
      axis: { labelColor: soft, titleColor: soft, gridColor: line, gridOpacity: 0.5, domainColor: line, tickColor: line, labelFontSize: 12, titleFontSize: 12, titleFontWeight: 400 },
      legend: { labelColor: ink, titleColor: soft, labelFontSize: 12, orient: "bottom", columns: width < 700 ? 1 : 2, labelLimit: 320 },
      header: { labelColor: ink, titleColor: soft },
    };
    const result = await vegaEmbed(place, spec, { ast: true, actions: false, renderer: "svg", tooltip: { theme: mvr.isDark() ? "dark" : "light" } });
    if (drawn.has(figure)) drawn.get(figure).finalize();
    drawn.set(figure, result);
    figure.dataset.drawn = "yes";
  }

  // The width of the place; facets in as many columns as there is room for.
  function fit(spec, width) {
    if (spec.facet) {
      const inner = spec.spec;
      if (spec.facet.column && width < 560) spec.facet = { row: spec.facet.column };
      const rows = Boolean(spec.facet.row || spec.facet.column);
      const one = rows ? (spec.facet.row ? width - 90 : (width - 110) / 2) : Math.min(240, width - 70);
      if (!rows) spec.columns = Math.max(1, Math.floor(width / (one + 60)));
      for (const each of [inner, ...(inner.layer || [])]) if (each.width) each.width = one;
      inner.width = one;
      return;
    }
    spec.width = width;
    for (const each of spec.layer || []) delete each.width;
    spec.autosize = { type: "fit-x", contains: "padding" };
  }

  // Labels wider than their room stand in several lines; no row is lower than its lines.
  function breakLabels(spec, chart, width) {
    const axes = [spec, ...(spec.layer || [])].map((part) => part.encoding && part.encoding.y).filter((y) => y && y.type === "nominal");
    if (!axes.length) return;
    const column = chart.columns.indexOf(axes[0].field);
    const names = [...new Set(chart.data.map((row) => String(row[column])))];
    const lines = Object.fromEntries(names.map((name) => [name, broken(name, Math.max(140, width * 0.4))]));
    const own = `(${JSON.stringify(lines)})[datum.value]`;
    const middle = { condition: { test: "true", expr: `-7 * (${own}.length - 1)` }, value: 0 };
    for (const y of axes) y.axis = { ...y.axis, labelLimit: 0, labelExpr: own, labelOffset: middle };
    const most = Math.max(...Object.values(lines).map((each) => each.length));
    spec.height = Math.max(spec.height, names.length * (most * 14 + 4));
  }

  // A number stays with its unit.
  function broken(text, room) {
    pen.font = "12px system-ui, sans-serif";
    return text.split(/(?<!\d) /).reduce((lines, word) => {
      const longer = lines.length ? `${lines[lines.length - 1]} ${word}` : word;
      if (lines.length && pen.measureText(longer).width <= room) lines[lines.length - 1] = longer;
      else lines.push(word);
      return lines;
    }, []);
  }

  // Choosing an entry of the legend leaves its marks and pales the others.
  function choosable(spec) {
    const part = spec.spec ? null : (spec.layer ? spec.layer.find((each) => each.encoding && each.encoding.color && each.encoding.color.field) : spec);
    const color = part && part.encoding && part.encoding.color;
    if (!color || !color.field || color.legend === null) return;
    part.params = [...(part.params || []), { name: "chosen", select: { type: "point", fields: [color.field] }, bind: "legend" }];
    for (const each of spec.layer || [spec]) {
      if (each.encoding && each.encoding.color && each.encoding.color.field === color.field) {
        each.encoding.opacity = { condition: { param: "chosen", value: 1 }, value: 0.15 };
      }
    }
  }
})();
