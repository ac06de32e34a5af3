"use strict";
// Play a recorded demo: a function of the position in seconds, and a clock that moves it.
(function demos() {
  const place = document.getElementById("player");
  if (!place) return;
  const { h } = mvr;
  const ROW = 18, CELL = 8;
  let all, demo, parts, position = 0, playing = false, speed = 1, last = 0, shownBeat = -1;

  const buttons = [...document.querySelectorAll("[data-demo]")];
  buttons.forEach((button) => button.addEventListener("click", () => choose(button.dataset.demo)));
  mvr.whenNear(place, async () => {
    all = await mvr.data("demos");
    const asked = mvr.wantedDemo || buttons[0].dataset.demo;
    choose(asked);
  });

  function choose(name) {
    if (!all) { mvr.wantedDemo = name; return; }
    demo = all.find((each) => each.name === name) || all[0];
    buttons.forEach((button) => button.setAttribute("aria-pressed", String(button.dataset.demo === demo.name)));
    pause();
    position = 0;
    shownBeat = -1;
    build();
    show();
  }

  function build() {
    const engines = Object.keys(demo.tracks);
    parts = { sides: {} };
    parts.step = h("h4", { class: "step" });
    parts.said = h("div", { class: "said", role: "status", "aria-live": "polite" });
    parts.play = h("button", { type: "button", class: "play", onclick: toggle }, "Play");
    parts.seek = h("input", { type: "range", min: 0, max: Math.ceil(demo.length * 10) / 10, step: 0.1, value: 0, "aria-label": "Position in the demo", oninput: () => { pause(); go(Number(parts.seek.value)); } });
    parts.time = h("span", { class: "time" });
    parts.speed = h("select", { "aria-label": "Speed", onchange: () => { speed = Number(parts.speed.value); } },
      [0.5, 1, 2, 4].map((each) => h("option", { value: each, selected: each === speed }, `${each}×`)));
    parts.rows = h("tbody");
    place.replaceChildren(
      h("div", { class: "about" },
        h("p", { class: "question" }, demo.question),
        h("details", {}, h("summary", {}, "What to watch"), h("ul", {}, demo.watch.map((text) => h("li", {}, text)))),
        h("p", { class: "hint" }, `Recorded ${demo.recorded.date}: Monarch ${demo.recorded.versions.monarch}, Ray ${demo.recorded.versions.ray}; ${demo.recorded.machine}. ` +
          "Both begin each step together; long steps are shortened, short ones stretched.")),
      h("div", { class: "controls" },
        h("button", { type: "button", onclick: () => step(-1), "aria-label": "Step back" }, "◀ Step"),
        parts.play,
        h("button", { type: "button", onclick: () => step(1), "aria-label": "Step forward" }, "Step ▶"),
        h("div", { class: "seek" }, parts.seek, ticks()),
        parts.time, parts.speed),
      parts.step, parts.said,
      h("div", { class: "sides" }, engines.map(side)),
      h("h4", {}, "Observed in this step"),
      h("div", { class: "table-scroll", tabindex: "0", role: "group", "aria-label": "Observed in this step" },
        h("table", { class: "observed" }, h("thead", {}, h("tr", {}, h("th", { scope: "col" }, "What"),
          engines.map((engine) => h("th", { scope: "col", class: engine }, mvr.names[engine])), h("th", { scope: "col" }, "Alike"))), parts.rows)));
  }

  // A mark on the slider for each step.
  function ticks() {
    const svg = svgElement("svg", { class: "ticks", viewBox: "0 0 1000 6", preserveAspectRatio: "none", "aria-hidden": "true" });
    for (const beat of demo.beats) svg.append(svgElement("rect", { x: (beat.begin / demo.length) * 1000, y: 0, width: 2, height: 6 }));
    return svg;
  }

  function svgElement(tag, attributes) {
    const made = document.createElementNS("http://www.w3.org/2000/svg", tag);
    for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
    return made;
  }

  function side(engine) {
    const picture = svgElement("svg", { class: "picture", role: "img" });
    const own = { picture, rows: [], frame: null, file: "", line: 0, codeLines: [], logged: -1 };
    own.code = h("ol", { class: "code" });
    own.where = h("p", { class: "where" });
    own.log = h("ul", { class: "log" });
    parts.sides[engine] = own;
    return h("section", { class: `side ${engine}`, "aria-label": mvr.names[engine] },
      h("h4", { class: `who ${engine}` }, mvr.names[engine]), picture, own.where,
      h("div", { class: "code-scroll small", tabindex: "0", role: "group", "aria-label": `Code of ${mvr.names[engine]}` }, own.code),
      h("div", { class: "log-scroll", tabindex: "0", role: "group", "aria-label": `Log of ${mvr.names[engine]}` }, own.log));
  }

  // The last entry at or before the position; -1 if there is none.
  function upTo(entries, second) {
    let low = 0, high = entries.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (entries[middle][0] <= second) low = middle + 1; else high = middle;
    }
    return low - 1;
  }

  function beatAt(second) {
    return Math.max(0, upTo(demo.beats.map((beat) => [beat.begin]), second + 1e-6));
  }

  function show() {
    const at = beatAt(position);
    const beat = demo.beats[at];
    const tallest = Math.max(4, ...Object.values(demo.tracks).map(({ frames }) => (frames[upTo(frames, position)] || [0, []])[1].length));
    for (const engine of Object.keys(demo.tracks)) {
      parts.sides[engine].picture.setAttribute("viewBox", `0 0 ${demo.columns * CELL} ${tallest * ROW + 8}`);
      const own = parts.sides[engine], track = demo.tracks[engine];
      showPicture(own, track.frames, engine);
      showCode(own, track.code);
      showLog(own, track.log);
    }
    parts.seek.value = position;
    parts.seek.setAttribute("aria-valuetext", `step ${at + 1} of ${demo.beats.length}: ${beat.title}`);
    parts.time.textContent = `${at + 1} / ${demo.beats.length}`;
    showRows(beat);
    const played = position >= beat.played - 1e-6 || at === demo.beats.length - 1 && position >= demo.length - 0.05;
    const key = at + (played ? 0.5 : 0);
    if (key !== shownBeat) {
      shownBeat = key;
      parts.step.textContent = `${at + 1}. ${beat.title}`;
      const over = at === demo.beats.length - 1 && played;
      parts.said.replaceChildren(...(over ? demo.closing.map((text) => h("p", {}, text)) : played ? beat.said.map((text) => h("p", {}, text)) : []));
    }
  }

  function showPicture(own, frames, engine) {
    const at = upTo(frames, position);
    if (own.frame === at) return;
    own.frame = at;
    const wanted = at < 0 ? [] : frames[at][1];
    const changed = [];
    for (let row = 0; row < Math.max(wanted.length, own.rows.length); row++) {
      if (!own.rows[row]) {
        own.rows[row] = { group: svgElement("g", { transform: `translate(0 ${row * ROW + ROW / 2 + 4})` }), line: -1 };
        own.picture.append(own.rows[row].group);
      }
      const line = row < wanted.length ? wanted[row] : -1;
      if (own.rows[row].line === line) continue;
      own.rows[row].line = line;
      own.rows[row].group.innerHTML = line < 0 ? "" : demo.lines[line][0]; // drawn and escaped when the page was made
      changed.push(row);
    }
    own.picture.setAttribute("aria-label", wanted.length ? `${mvr.names[engine]}: ${wanted.map((line) => demo.lines[line][1].trim()).join("; ")}` : `${mvr.names[engine]}: nothing observed yet`);
  }

  function showCode(own, code) {
    const at = upTo(code, position);
    const [, file, line] = at < 0 ? [0, "", 0] : code[at];
    if (file !== own.file) {
      own.file = file;
      own.where.textContent = file || "not started";
      own.codeLines = (demo.files[file] ? mvr.pythonLines(demo.files[file]) : []).map((pieces) => h("li", {}, pieces.length ? pieces : " "));
      own.code.replaceChildren(...own.codeLines);
      own.line = 0;
    }
    if (line === own.line) return;
    if (own.codeLines[own.line - 1]) own.codeLines[own.line - 1].className = "";
    own.line = line;
    const item = own.codeLines[line - 1];
    if (!item) return;
    item.className = "lit";
    const scroll = own.code.parentElement;
    const top = item.offsetTop - own.code.offsetTop;
    if (top < scroll.scrollTop + 10 || top > scroll.scrollTop + scroll.clientHeight - 30) scroll.scrollTop = top - scroll.clientHeight / 3;
  }

  function showLog(own, log) {
    const at = upTo(log, position);
    if (at === own.logged) return;
    own.logged = at;
    own.log.replaceChildren(...log.slice(0, at + 1).map(([, kind, text]) => h("li", { class: kind }, h("span", { class: "tag" }, kind), " ", text)));
    own.log.parentElement.scrollTop = own.log.parentElement.scrollHeight;
  }

  function showRows(beat) {
    const engines = Object.keys(demo.tracks);
    const wanted = JSON.stringify([beat.begin, beat.rows.map((row) => engines.map((engine) => seen(row, engine)))]);
    if (parts.rows.dataset.now === wanted) return;
    parts.rows.dataset.now = wanted;
    parts.rows.replaceChildren(...(beat.rows.length ? beat.rows.map((row) => {
      const there = engines.map((engine) => seen(row, engine));
      const judged = there.every(Boolean) && row.differs !== null;
      return h("tr", {}, h("th", { scope: "row" }, row.label),
        engines.map((engine, at) => h("td", { class: engine }, there[at] ? row.cells[engine] : "…")),
        h("td", {}, judged ? (row.differs ? "≠ differs" : "= same") : ""));
    }) : [h("tr", {}, h("td", { colspan: 4, class: "hint" }, "Nothing is observed in this step."))]));
  }

  function seen(row, engine) {
    const second = demo.tracks[engine].seen[row.key];
    return second === undefined ? Boolean(row.cells[engine]) && position >= demo.beats[beatAt(position)].played - 1e-6 : position >= second - 1e-6;
  }

  function go(second) {
    position = Math.min(demo.length, Math.max(0, second));
    show();
  }

  // To the end of a step, so that all of it is shown; back, to the end of the one before.
  function step(by) {
    pause();
    const at = beatAt(position);
    const now = demo.beats[at];
    const target = by > 0 ? (position < now.played - 0.05 ? at : at + 1) : at - 1;
    if (target < 0) return go(0);
    go(target >= demo.beats.length ? demo.length : Math.min(demo.length, demo.beats[target].played));
  }

  function toggle() { playing ? pause() : play(); }

  function play() {
    if (position >= demo.length - 0.05) position = 0;
    playing = true;
    last = performance.now();
    parts.play.textContent = "Pause";
    requestAnimationFrame(tick);
  }

  function pause() {
    playing = false;
    if (parts) parts.play.textContent = "Play";
  }

  function tick(now) {
    if (!playing) return;
    go(position + ((now - last) / 1000) * speed);
    last = now;
    if (position >= demo.length) return pause();
    requestAnimationFrame(tick);
  }

  place.addEventListener("keydown", (event) => {
    if (!demo || event.altKey || event.ctrlKey || event.metaKey) return;
    const inside = event.target.closest("input, select, button, summary");
    if (event.key === " " && !inside) toggle();
    else if (event.key === "n") step(1);
    else if (event.key === "b") step(-1);
    else return;
    event.preventDefault();
  });
  mvr.player = { get position() { return position; }, get playing() { return playing; }, get demo() { return demo; } };
})();
