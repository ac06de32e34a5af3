"use strict";
// Filter and search the matrix. What is chosen stands in the address, so that it can be sent to somebody.
(function claims() {
  const form = document.getElementById("filters");
  const section = document.getElementById("claims");
  const status = form.querySelector(".count");
  const nothing = section.querySelector(".nothing");
  const rows = [...section.querySelectorAll("table.matrix tbody tr")].map((row) => ({
    row,
    concept: row.closest(".concept").dataset.concept,
    cells: [...row.querySelectorAll("td[data-claim]")],
    text: `${row.id} ${row.textContent}`.toLowerCase(),
  }));
  const FIELDS = ["q", "concept", "engine", "verdict", "kind", "brief", "release"];
  let deep = null; // the texts of evidence, once they are unpacked

  function matches(each, wanted) {
    if (wanted.concept && each.concept !== wanted.concept) return false;
    const cells = each.cells.filter((cell) =>
      (!wanted.engine || cell.classList.contains(wanted.engine)) &&
      (!wanted.verdict || cell.dataset.verdict === wanted.verdict) &&
      (!wanted.kind || cell.dataset.kind === wanted.kind) &&
      (!wanted.brief || cell.dataset.brief === wanted.brief) &&
      (!wanted.release || knownOf(cell, wanted.release)));
    if (!cells.length) return false;
    const text = each.text + (deep ? cells.map((cell) => deep[cell.dataset.claim] || "").join(" ") : "");
    return wanted.words.every((word) => text.includes(word));
  }

  function knownOf(cell, release) {
    const [engine, version] = release.split(" ");
    return cell.classList.contains(engine) && cell.dataset.releases.split(" ").includes(version);
  }

  function chosen() {
    const wanted = Object.fromEntries(FIELDS.map((name) => [name, form.elements[name] ? form.elements[name].value : ""]));
    wanted.words = wanted.q.toLowerCase().split(/\s+/).filter(Boolean);
    return wanted;
  }

  function apply() {
    const wanted = chosen();
    let shown = 0;
    for (const each of rows) {
      const fits = matches(each, wanted);
      each.row.hidden = !fits;
      shown += fits;
      for (const cell of each.cells) cell.classList.toggle("aside", Boolean(wanted.engine) && !cell.classList.contains(wanted.engine));
      highlight(each.row, fits ? wanted.words : []);
    }
    for (const concept of section.querySelectorAll(".concept")) {
      concept.hidden = !concept.querySelector("tbody tr:not([hidden])");
    }
    nothing.hidden = shown > 0;
    status.textContent = `${shown} of ${rows.length} rows`;
  }

  // Mark the words that were searched for, in the statements.
  function highlight(row, words) {
    if (!row.dataset.marked && !words.length) return;
    for (const found of row.querySelectorAll("mark")) {
      found.replaceWith(found.textContent);
    }
    row.normalize();
    row.dataset.marked = words.length ? "yes" : "";
    if (!words.length) return;
    const pattern = new RegExp(`(${words.map((word) => word.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")).join("|")})`, "i");
    const walker = document.createTreeWalker(row, NodeFilter.SHOW_TEXT);
    const texts = [];
    while (walker.nextNode()) texts.push(walker.currentNode);
    for (const node of texts) {
      const parts = node.textContent.split(pattern);
      if (parts.length < 2 || node.parentElement.closest(".sr, .who")) continue;
      node.replaceWith(...parts.map((part, at) => (at % 2 ? mvr.h("mark", {}, part) : part)));
    }
  }

  function remember() {
    const wanted = chosen();
    const given = new URLSearchParams(FIELDS.filter((name) => wanted[name]).map((name) => [name, wanted[name]]));
    history.replaceState(null, "", String(given) ? `#claims?${given}` : "#claims");
  }

  function fromAddress() {
    if (!location.hash.startsWith("#claims?")) return;
    const given = new URLSearchParams(location.hash.slice("#claims?".length));
    for (const name of FIELDS) if (form.elements[name]) form.elements[name].value = given.get(name) || "";
    apply();
    section.scrollIntoView();
  }

  mvr.clearFilters = () => { form.reset(); apply(); };
  form.hidden = false;
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("input", () => { apply(); remember(); });
  form.addEventListener("reset", () => setTimeout(() => { apply(); history.replaceState(null, "", "#claims"); }));
  window.addEventListener("hashchange", fromAddress);
  mvr.data("claims").then((all) => {
    mvr.claims = all;
    deep = {};
    for (const [id, claim] of Object.entries(all.claims)) {
      const seen = claim.experiments.flatMap((each) => [each.name, ...each.given, ...each.seen.flat(2)]);
      const breaks = claim.breaks.run.map((each) => each.what);
      deep[id] = [id, claim.said, claim.note, claim.brief ? claim.brief.text : "", ...seen, ...breaks].join(" ").toLowerCase();
    }
    apply();
  });
  apply();
  fromAddress();
})();
