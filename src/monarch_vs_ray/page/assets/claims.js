"use strict";
// Filter and search the matrix. What is chosen stands in the address, so that it can be sent to somebody.
(function claims() {
  const form = document.getElementById("filters");
  const section = document.getElementById("claims");
  const status = form.querySelector(".count");
  const nothing = section.querySelector(".nothing");
  const concepts = [...section.querySelectorAll(".concept")].map((place) => ({
    place,
    body: place.querySelector("tbody"),
    rows: [...place.querySelectorAll("tbody tr")].map((row) => ({
      row,
      concept: place.dataset.concept,
      cells: [...row.querySelectorAll("td[data-claim]")],
    })),
  }));
  const rows = concepts.flatMap((concept) => concept.rows);
  const FIELDS = ["q", "concept", "engine", "verdict", "kind", "brief", "release"];
  const WORDS = /([A-Za-z0-9]+(?:_[A-Za-z0-9]+)*)/;
  const PLACES = 5; // sections of documents that are named
  let arranged = false;

  function matches(each, wanted) {
    if (wanted.concept && each.concept !== wanted.concept) return false;
    const cells = each.cells.filter((cell) =>
      (!wanted.engine || cell.classList.contains(wanted.engine)) &&
      (!wanted.verdict || cell.dataset.verdict === wanted.verdict) &&
      (!wanted.kind || cell.dataset.kind === wanted.kind) &&
      (!wanted.brief || cell.dataset.brief === wanted.brief) &&
      (!wanted.release || knownOf(cell, wanted.release)));
    return cells.length > 0;
  }

  function knownOf(cell, release) {
    const [engine, version] = release.split(" ");
    return cell.classList.contains(engine) && cell.dataset.releases.split(" ").includes(version);
  }

  const chosen = () => Object.fromEntries(FIELDS.map((name) => [name, form.elements[name] ? form.elements[name].value : ""]));

  // Of the rows that the filters leave, those stay that have most of the words; the best come first.
  function apply() {
    const wanted = chosen();
    const search = mvr.search ? mvr.search.find("rows", wanted.q) : null;
    const hit = (each) => search.found.get(each.row.id) || { score: 0, words: 0 };
    let shown = new Set(rows.filter((each) => matches(each, wanted)));
    let part = "";
    if (search) {
      const most = Math.max(1, ...[...shown].map((each) => hit(each).words));
      shown = new Set([...shown].filter((each) => hit(each).words === most));
      if (shown.size && most < search.words.length) part = ` have ${most} of ${search.words.length} words`;
    }
    for (const each of rows) {
      each.row.hidden = !shown.has(each);
      for (const cell of each.cells) cell.classList.toggle("aside", Boolean(wanted.engine) && !cell.classList.contains(wanted.engine));
      highlight(each.row, search && shown.has(each) ? search.forms : new Set());
    }
    arrange(search ? (each) => (shown.has(each) ? hit(each).score : 0) : null);
    for (const concept of concepts) concept.place.hidden = !concept.rows.some((each) => shown.has(each));
    status.textContent = `${shown.size} of ${rows.length} rows${part}`;
    explain(search, shown.size);
  }

  // Put the best rows, and the subjects that have them, first; without a search, in the order of their numbers.
  function arrange(score) {
    if (!score && !arranged) return;
    arranged = Boolean(score);
    const sorted = (all, of) => (score ? [...all].sort((one, other) => of(other) - of(one)) : all);
    for (const concept of concepts) concept.body.append(...sorted(concept.rows, score).map((each) => each.row));
    section.append(...sorted(concepts, (concept) => Math.max(...concept.rows.map(score))).map((concept) => concept.place));
  }

  // Say what no row has, and which documents have it.
  function explain(search, shown) {
    const words = !search ? [] : shown ? search.missing : search.words;
    nothing.hidden = shown > 0 && !words.length;
    if (nothing.hidden) return;
    const { h } = mvr;
    const places = words.length ? mvr.search.sections(words.join(" "), PLACES) : [];
    const [some, any] = words.length > 1 ? ["some of these words", "any of these words"] : ["this word", "this word"];
    nothing.replaceChildren(
      h("p", {}, h("strong", {}, shown ? `No claim has ${words.join(", ")}.` : "No claim matches."), shown ? "" : " Clear a filter, or search for other words."),
      ...(places.length ? [
        h("p", {}, `Sections of the documents that have ${some}, which `, h("code", {}, `mvr ask ${words.join(" ")}`), " quotes:"),
        h("ul", { class: "plain" }, places.map(({ title, place, link }) => h("li", {}, link ? h("a", { href: link }, title) : title, " ", h("code", {}, place)))),
      ] : words.length ? [h("p", {}, "The documents, which ", h("code", {}, "mvr ask"), ` searches, do not have ${any} either.`)] : []));
  }

  // Mark the words that were searched for, in the statements.
  function highlight(row, forms) {
    if (!row.dataset.marked && !forms.size) return;
    for (const found of row.querySelectorAll("mark")) found.replaceWith(found.textContent);
    row.normalize();
    row.dataset.marked = forms.size ? "yes" : "";
    if (!forms.size) return;
    const lit = (part, at) => at % 2 === 1 && mvr.search.stems(part).some((stem) => forms.has(stem));
    const walker = document.createTreeWalker(row, NodeFilter.SHOW_TEXT);
    const texts = [];
    while (walker.nextNode()) texts.push(walker.currentNode);
    for (const node of texts) {
      const parts = node.textContent.split(WORDS);
      if (!parts.some(lit) || node.parentElement.closest(".sr, .who")) continue;
      node.replaceWith(...parts.map((part, at) => (lit(part, at) ? mvr.h("mark", {}, part) : part)));
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
  mvr.searching.then(apply);
  apply();
  fromAddress();
})();
