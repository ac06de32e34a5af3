"use strict";
// Draw charts when they come near, in the colours of the theme, without evaluating text as code.
(function charts() {
  const { h } = mvr;
  const figures = [...document.querySelectorAll("[data-chart]")];
  const ENGINE = { "#0072b2": "--monarch", "#d55e00": "--ray" };
  const drawn = new Map();
  const property = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

  figures.forEach((figure) => {
    mvr.whenNear(figure, () => draw(figure));
    const details = figure.querySelector(".numbers-of");
    details.addEventListener("toggle", async () => {
      const place = details.querySelector(".table-scroll");
      if (!details.open || place.childElementCount) return;
      const chart = (await mvr.data("charts"))[figure.dataset.chart];
      place.tabIndex = 0;
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
    const labels = JSON.stringify(spec).includes('"labelLimit":320');
    if (labels && width < 600) shorten(spec, 150);
  }

  function shorten(part, limit) {
    if (!part || typeof part !== "object") return;
    if (part.labelLimit > limit) part.labelLimit = limit;
    Object.values(part).forEach((each) => shorten(each, limit));
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
