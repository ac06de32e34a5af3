"use strict";
// What every part of the page uses: elements, data, the theme, tables that sort.
const KEYWORDS = new Set(("False None True and as assert async await break class continue def del elif else except finally " +
  "for from global if import in is lambda nonlocal not or pass raise return try while with yield").split(" "));
const BUILTINS = new Set(("abs all any bool bytes dict enumerate float getattr int isinstance len list max min object open print " +
  "range repr reversed round self set sorted str sum super tuple type zip Exception OSError RuntimeError TimeoutError ValueError").split(" "));
const TOKENS = new RegExp([
  "(?<comment>#[^\\n]*)",
  "(?<string>(?:\\b[rbfRBF]{1,2})?(?:\"\"\"[\\s\\S]*?\"\"\"|'''[\\s\\S]*?'''|\"(?:\\\\.|[^\"\\\\\\n])*\"|'(?:\\\\.|[^'\\\\\\n])*'))",
  "(?<decorator>^[ \\t]*@[\\w.]+)",
  "(?<number>\\b\\d[\\d_.]*(?:e[+-]?\\d+)?\\b)",
  "(?<word>\\b[A-Za-z_]\\w*)",
].join("|"), "gm");

const mvr = {
  names: { monarch: "Monarch", ray: "Ray" },
  verdicts: {
    holds: ["✓", "holds"],
    partly: ["◐", "partly"],
    refuted: ["✗", "refuted"],
    unknown: ["?", "unknown"],
    missing: ["·", "not in these results"],
  },

  // Make an element; a text child is always text.
  h(tag, attributes, ...children) {
    const made = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes || {})) {
      if (value === false || value === null || value === undefined) continue;
      if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
      else made.setAttribute(name, value === true ? "" : value);
    }
    made.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== ""));
    return made;
  },

  // A text with what stands between backticks as code.
  inline(text) {
    return String(text).split(/`([^`]+)`/).map((part, at) => (at % 2 ? mvr.h("code", {}, part) : part));
  },

  // Python code as lines of elements; tokens over several lines are cut at the ends of lines.
  pythonLines(source) {
    const lines = [[]];
    const put = (text, kind) => text.split("\n").forEach((part, at) => {
      if (at) lines.push([]);
      if (part) lines[lines.length - 1].push(kind ? mvr.h("span", { class: kind }, part) : part);
    });
    let last = 0;
    let before = "";
    for (const found of source.matchAll(TOKENS)) {
      put(source.slice(last, found.index));
      const { comment, string, decorator, number, word } = found.groups;
      const kind = comment ? "c" : string ? "s" : decorator ? "d" : number ? "n"
        : before === "def" || before === "class" ? "f" : KEYWORDS.has(word) ? "k" : BUILTINS.has(word) ? "b" : "";
      put(found[0], kind);
      before = word || "";
      last = found.index + found[0].length;
    }
    put(source.slice(last));
    return lines;
  },

  mark(verdict, word = true) {
    const [sign, text] = mvr.verdicts[verdict] || mvr.verdicts.unknown;
    return mvr.h("span", { class: `mark ${verdict}` },
      mvr.h("span", { "aria-hidden": "true" }, sign), mvr.h("span", { class: word ? "word" : "sr" }, text));
  },

  _data: {},
  // The page's data by name; unpacked once.
  data(name) {
    mvr._data[name] ||= (async () => {
      const text = document.getElementById(`data-${name}`).textContent;
      const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
      const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
      return JSON.parse(await new Response(stream).text());
    })();
    return mvr._data[name];
  },

  // Call a function when an element is about to come into view, once.
  whenNear(element, run) {
    if (!("IntersectionObserver" in window)) return run();
    const watcher = new IntersectionObserver((entries) => {
      if (entries.some((entry) => entry.isIntersecting)) {
        watcher.disconnect();
        run();
      }
    }, { rootMargin: "600px" });
    watcher.observe(element);
    window.addEventListener("beforeprint", () => { watcher.disconnect(); run(); }, { once: true });
  },

  // The name after the # of the address.
  asked() {
    try { return decodeURIComponent(location.hash.slice(1)); } catch { return ""; }
  },

  // Settings of the reader; a page from a disk may have no storage.
  recall(key) {
    try { return localStorage.getItem(`mvr.${key}`); } catch { return null; }
  },
  keep(key, value) {
    try { localStorage.setItem(`mvr.${key}`, value); } catch { /* not kept then */ }
  },
};
window.mvr = mvr;

// Keep what the address names in its place, while charts, demos and runs are drawn above it.
(function stay() {
  const LONGEST = 10000; // milliseconds; what is near is drawn by then
  let [target, since] = [null, 0];
  const arrive = () => {
    target = document.getElementById(mvr.asked());
    since = performance.now();
  };
  const leave = () => { target = null; };
  for (const name of ["wheel", "touchmove", "pointerdown", "keydown"]) window.addEventListener(name, leave, { passive: true });
  window.addEventListener("hashchange", arrive);
  new ResizeObserver(() => {
    if (!target || performance.now() - since > LONGEST) return;
    if (!target.closest("table.matrix")) target.scrollIntoView(); // a row of the matrix stands in the middle
  }).observe(document.body);
  const [visit] = performance.getEntriesByType("navigation");
  if (!visit || visit.type === "navigate") arrive();
})();

(function theme() {
  const button = document.getElementById("theme");
  const order = ["system", "light", "dark"];
  const show = (name) => {
    if (name === "system") delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = name;
    button.querySelector("span").textContent = name;
    document.dispatchEvent(new Event("mvr-theme"));
  };
  let now = order.includes(mvr.recall("theme")) ? mvr.recall("theme") : "system";
  show(now);
  button.hidden = false;
  button.addEventListener("click", () => {
    now = order[(order.indexOf(now) + 1) % order.length];
    mvr.keep("theme", now);
    show(now);
  });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => document.dispatchEvent(new Event("mvr-theme")));
  // Paper is light, and shows what a reader would have to open.
  const closed = [];
  window.addEventListener("beforeprint", () => {
    show("light");
    for (const each of document.querySelectorAll(".need details:not([open])")) { each.open = true; closed.push(each); }
  });
  window.addEventListener("afterprint", () => {
    show(now);
    for (const each of closed.splice(0)) each.open = false;
  });
  mvr.isDark = () => {
    const set = document.documentElement.dataset.theme;
    return set ? set === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  };
})();

(function sorting() {
  // A column's heading is a button; the rows of a group stay together below its own heading.
  for (const table of document.querySelectorAll("table.sortable")) {
    const heads = [...table.tHead.rows[0].cells];
    heads.forEach((head, column) => {
      if (head.dataset.sort === "none") return;
      const button = mvr.h("button", { type: "button", class: "sort" }, ...head.childNodes);
      head.append(button);
      button.addEventListener("click", () => {
        const up = head.getAttribute("aria-sort") !== "ascending";
        heads.forEach((each) => each.removeAttribute("aria-sort"));
        head.setAttribute("aria-sort", up ? "ascending" : "descending");
        for (const body of table.tBodies) sort(body, column, up);
      });
    });
  }
  function sort(body, column, up) {
    const value = (row) => {
      const cell = row.cells[column];
      const given = cell.dataset.value ?? cell.textContent.trim();
      return given === "" || isNaN(given) ? given : Number(given);
    };
    const kept = [...body.rows].filter((row) => row.classList.contains("group"));
    const rows = [...body.rows].filter((row) => !row.classList.contains("group"));
    rows.sort((first, second) => {
      const [one, two] = [value(first), value(second)];
      if (one === "" || two === "") return (one === "") - (two === "");
      const by = typeof one === "number" && typeof two === "number" ? one - two : String(one).localeCompare(String(two));
      return up ? by : -by;
    });
    body.append(...kept, ...rows);
  }
})();
