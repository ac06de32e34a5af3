"use strict";
// Find texts by words as `mvr ask` does (report/ranking.py): by stem, with related words, the rarer the better (BM25).
mvr.searching = mvr.data("search").then((data) => {
  const WORD = /[A-Za-z0-9]+(?:_[A-Za-z0-9]+)*/g;
  const PART = /[A-Z]?[a-z]+|[A-Z]+(?![a-z])|[0-9]+/g;
  const common = new Set(data.common);

  function stem(word) {
    word = word.toLowerCase();
    const ending = word.endsWith("ss") ? "" : data.endings.find((each) => word.endsWith(each) && word.length - each.length >= 3);
    if (ending) return word.slice(0, -ending.length).replace(/e+$/, "") || word;
    return word.length > 3 ? word.replace(/e+$/, "") : word;
  }

  // The stems of a word, and of its parts if it is a name in code; none of a common word.
  function stems(word) {
    const parts = word.match(PART) || [];
    return [word, ...(parts.length > 1 ? parts : [])].map(stem).filter((each) => !common.has(each));
  }

  // The known words that a word of a question stands for, each with its weight.
  function forms(word, known) {
    const other = word.endsWith("y") ? word.slice(0, -1) : `${word}y`; // retries, retried: retr
    let same = [word, other].filter(known);
    const group = data.akin.find((each) => each.includes(word)) || [];
    const akin = group.filter((each) => known(each) && !same.includes(each));
    if (!same.length && !akin.length) same = known.all().filter((each) => each.startsWith(word)); // it is still being typed
    return new Map([...same.map((each) => [each, 1]), ...akin.map((each) => [each, data.also])]);
  }

  // Search "rows" or "sections": of each text found its score and how many of the words it has; null without a word.
  function find(name, question) {
    const index = data[name];
    const known = (word) => Object.hasOwn(index.words, word);
    known.all = () => Object.keys(index.words);
    const mean = index.lengths.reduce((sum, each) => sum + each, 0) / index.lengths.length;
    const asked = (question.match(WORD) || []).flatMap((word) => {
      const [whole, ...parts] = stems(word);
      if (!whole) return [];
      return parts.length && !known(whole) ? parts.map((part) => [part, part]) : [[word, whole]];
    });
    if (!asked.length) return null;
    const found = new Map();
    const result = { found, words: asked.map(([word]) => word), missing: [], forms: new Set() };
    for (const [word, whole] of asked) {
      const all = forms(whole, known);
      if (!all.size) result.missing.push(word);
      const having = new Set();
      for (const [form, weight] of all) {
        result.forms.add(form);
        const places = index.words[form];
        const texts = places.length / 2;
        const rarity = Math.log(1 + (index.lengths.length - texts + 0.5) / (texts + 0.5));
        for (let at = 0; at < places.length; at += 2) {
          const [number, count] = [places[at], places[at + 1]];
          const each = found.get(index.names[number]) || { number, score: 0, words: 0 };
          each.score += weight * rarity * count * (data.k1 + 1) / (count + data.k1 * (1 - data.b + data.b * index.lengths[number] / mean));
          found.set(index.names[number], each);
          having.add(each);
        }
      }
      for (const each of having) each.words += 1;
    }
    return result;
  }

  // The best of the documents' sections that have most of the words.
  function sections(question, count) {
    const { titles, names, links } = data.sections;
    const all = [...find("sections", question).found.values()];
    const most = Math.max(0, ...all.map((each) => each.words));
    return all.filter((each) => each.words === most)
      .sort((one, other) => other.score - one.score)
      .slice(0, count)
      .map(({ number }) => ({ title: titles[number], place: names[number], link: links[number] }));
  }

  mvr.search = { stems, find, sections };
});
