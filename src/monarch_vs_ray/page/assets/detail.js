"use strict";
// Show what stands behind a claim. The address names the claim, so it is a permalink, and "back" closes it.
(function detail() {
  const dialog = document.getElementById("detail");
  const body = dialog.querySelector(".detail-body");
  const { h } = mvr;
  let cameFrom = null;

  const isClaim = (all, id) => Object.prototype.hasOwnProperty.call(all.claims, id);

  async function follow() {
    const id = mvr.asked();
    if (!id || id.startsWith("claims?")) return close();
    const all = await mvr.data("claims");
    if (isClaim(all, id)) return open(id, all);
    close();
    const row = document.getElementById(id);
    if (row && row.matches("table.matrix tr")) {
      if (row.hidden) mvr.clearFilters();
      row.scrollIntoView({ block: "center" });
      row.focus({ preventScroll: true });
    }
  }

  function open(id, all) {
    body.replaceChildren(...parts(id, all));
    if (!dialog.open) {
      cameFrom = document.activeElement;
      dialog.showModal();
    }
    dialog.scrollTop = 0;
    body.querySelector("h2").focus();
  }

  function close() {
    if (dialog.open) dialog.close();
  }

  dialog.addEventListener("close", () => {
    const id = mvr.asked();
    const cell = document.querySelector(`td[data-claim="${CSS.escape(id)}"] a`);
    if (cell) {
      history.replaceState(null, "", `#${id.replace(/\.(monarch|ray)$/, "")}`);
      if (cell.closest("tr").hidden) mvr.clearFilters();
    }
    const back = cell || cameFrom;
    if (back && back.focus) back.focus({ preventScroll: !cell });
  });
  dialog.addEventListener("click", (event) => { if (event.target === dialog) close(); });

  function parts(id, all) {
    const claim = all.claims[id];
    const engine = id.slice(id.lastIndexOf(".") + 1);
    const other = id.replace(/[^.]+$/, engine === "monarch" ? "ray" : "monarch");
    return [
      h("header", { class: `detail-head ${engine}` },
        h("p", { class: "kicker" }, `${claim.number} ${claim.aspect}`),
        h("h2", { id: "detail-title", tabindex: "-1" }, h("span", { class: "engine-name" }, mvr.names[engine]), " ", ...mvr.inline(claim.statement)),
        h("p", { class: "verdict-line" }, mvr.mark(claim.verdict), claim.said ? ` ${claim.said}` : ""),
        h("p", { class: "actions" },
          isClaim(all, other) ? h("a", { href: `#${other}` }, `The same on ${mvr.names[other.slice(other.lastIndexOf(".") + 1)]}`) : null,
          copyButton(id),
          h("button", { type: "button", class: "close", onclick: close }, "Close"))),
      ...brief(claim),
      ...claim.experiments.flatMap((each) => experiment(each, all)),
      claim.noControl ? section("No control", h("p", {}, claim.noControl)) : null,
      ...breaks(claim),
      claim.restsOn.length ? section("Rests on", links(claim.restsOn, all)) : null,
      verdicts(claim),
      claim.sources.length ? section("The engine's own code", h("ul", {}, claim.sources.map((each) =>
        h("li", {}, h("a", { href: each.url, rel: "noreferrer noopener" }, each.name))))) : null,
      section("Repeat it", h("pre", { class: "command", tabindex: "0" }, `mvr verify ${id}\nmvr explain ${id}`),
        h("p", { class: "hint" }, `The claim is about ${mvr.names[engine]} ${claim.madeFor}.`)),
    ].filter(Boolean);
  }

  function section(title, ...children) {
    return h("section", { class: "part" }, h("h3", {}, title), ...children);
  }

  function copyButton(id) {
    const button = h("button", { type: "button" }, "Copy link");
    button.addEventListener("click", async () => {
      const address = `${location.href.split("#")[0]}#${id}`;
      try { await navigator.clipboard.writeText(address); button.textContent = "Copied"; }
      catch { button.textContent = `#${id}`; }
    });
    return button;
  }

  function brief(claim) {
    if (!claim.brief) return claim.note ? [section("Note", h("p", {}, ...mvr.inline(claim.note)))] : [];
    return [section("What the brief said",
      h("blockquote", {}, ...mvr.inline(claim.brief.text)),
      h("p", {}, mvr.mark(claim.brief.verdict), claim.brief.said ? ` ${claim.brief.said}` : ""),
      claim.brief.missing ? h("p", {}, h("strong", {}, "Missing there: "), ...mvr.inline(claim.brief.missing)) : null,
      claim.note ? h("p", {}, h("strong", {}, "Note: "), ...mvr.inline(claim.note)) : null)];
  }

  function experiment(each, all) {
    const telling = Math.max(0, each.lit.findIndex((lines) => lines.length > 0)); // open what observes
    return [section(`${each.role}: ${each.name}`,
      each.seen.length ? observations(each.seen) : h("p", { class: "hint" }, "No observation in these results."),
      each.given.length ? h("p", { class: "hint" }, "With ", h("code", {}, each.given.join(", "))) : null,
      ...each.code.map((place, at) => code(all.code[place], new Set(each.lit[at]), at === telling)))];
  }

  function observations(runs) {
    return h("div", { class: "table-scroll", tabindex: "0", role: "group", "aria-label": "Observations" }, h("table", { class: "seen" },
      h("thead", {}, h("tr", {}, h("th", { scope: "col" }, "Observed"),
        runs.map((_, at) => h("th", { scope: "col" }, runs.length > 1 ? `run ${at + 1}` : "value")))),
      h("tbody", {}, runs[0].map(([key], at) => h("tr", {}, h("th", { scope: "row" }, h("code", {}, key)),
        runs.map((run) => h("td", {}, run[at] ? run[at][1] : "")))))));
  }

  function code(piece, lit, open) {
    const list = h("ol", { class: "code", start: piece.first });
    list.style.setProperty("--first", piece.first - 1);
    mvr.pythonLines(piece.text).forEach((parts, at) => {
      const isLit = lit.has(piece.first + at);
      list.append(h("li", isLit ? { class: "lit" } : {},
        isLit ? h("span", { class: "sr" }, "observed here: ") : null, parts.length ? parts : " "));
    });
    return h("details", { class: "source", open },
      h("summary", {}, h("code", {}, piece.name), " ", h("span", { class: "where" }, piece.where)),
      h("div", { class: "code-scroll", tabindex: "0", role: "group", "aria-label": `Code of ${piece.name}` }, list));
  }

  function breaks(claim) {
    const { run, none, altered, missed } = claim.breaks;
    const items = run.map((each) => h("li", {},
      h("span", { class: each.noticed ? "mark holds" : "mark refuted" }, h("span", { "aria-hidden": "true" }, each.noticed ? "✓" : "✗"),
        h("span", { class: "word" }, each.noticed ? "noticed" : "not noticed")), " ", ...mvr.inline(each.what),
      h("span", { class: "hint" }, ` Then ${each.under}: ${each.said}`)));
    return [section("Breaks of its subject",
      items.length ? h("ul", { class: "breaks" }, items) : h("p", {}, `None: ${none}.`),
      altered ? h("p", { class: "hint" }, `Altered observations: ${altered - missed.length} of ${altered} noticed.`,
        missed.length ? ` Not noticed: ${missed.join(", ")}.` : "") : null)];
  }

  function links(ids, all) {
    return h("ul", {}, ids.map((id) => h("li", {}, mvr.mark(isClaim(all, id) ? all.claims[id].verdict : "missing"), " ",
      h("a", { href: `#${id}` }, isClaim(all, id) ? all.claims[id].statement : id))));
  }

  function verdicts(claim) {
    const changed = claim.changes.map((each) => h("li", {},
      `${each.date}: ${each.about === "brief" ? "of the brief, " : ""}`, mvr.mark(each.before), " became ", mvr.mark(each.after),
      each.version_before !== each.version_after ? `, release ${each.version_before} and ${each.version_after}` : "",
      each.reworded ? h("span", { class: "hint" }, "The statement was worded anew.") : ""));
    const list = changed.length ? [h("h4", {}, "What changed"), h("ul", { class: "history" }, changed)] : [];
    if (!claim.history.length) return section("History of verdicts", h("p", {}, "Nothing is published of it yet."));
    return section("History of verdicts", h("ul", { class: "history" }, claim.history.map((each) => h("li", {},
      mvr.mark(each.verdict), ` ${each.date}${each.version ? `, release ${each.version}` : ""}, ${each.machine}`,
      each.runs > 1 ? `, ${each.runs} runs` : "", each.own ? h("strong", {}, " your run") : "",
      each.outside ? h("span", { class: "hint" }, " another release than the claim is about") : "",
      each.said ? h("span", { class: "hint" }, ` ${each.said}`) : "",
      each.firstTry ? h("span", { class: "hint" }, ` Second try; the first: ${each.firstTry}`) : ""))), ...list);
  }

  window.addEventListener("hashchange", follow);
  follow();
})();
