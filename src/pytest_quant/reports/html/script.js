"use strict";
// Shows the cases. Texts of a model reach the page as text nodes only.
(async () => {
  const STEP = 20;
  const MOST_TOKENS = 600;
  const at = (id) => document.getElementById(id);
  if (!at("list")) return;

  async function unpacked() {
    const bytes = Uint8Array.from(atob(at("data").textContent.trim()), (c) => c.charCodeAt(0));
    const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
    return JSON.parse(await new Response(stream).text());
  }

  let data;
  try {
    data = await unpacked();
  } catch (error) {
    at("count").textContent = `This browser cannot unpack the ${at("count").dataset.count} cases (${error.message}). They are in the run record.`;
    return;
  }
  at("filters").hidden = false;
  const cases = data.cases.map(([group, index, outcome, ...texts]) => {
    const [level, category, probe, unparted] = data.groups[group];
    const parting = texts.pop();
    const [pattern, reason, prompt, expected, reference, own] = texts.map((i) => data.texts[i]);
    return {
      level, category, probe, index, outcome: data.outcomes[outcome],
      pattern, reason, prompt, expected, reference, own, parting, unparted,
    };
  });
  for (const item of cases) {
    item.found = [item.probe, item.pattern, item.prompt, item.expected, item.reference, item.own]
      .join("\n").toLowerCase();
  }

  function offer(id, values) {
    for (const value of [...new Set(values)]) {
      at(id).add(new Option(value.replaceAll("_", " "), value));
    }
  }
  offer("by-level", cases.map((c) => c.level));
  offer("by-category", cases.map((c) => c.category).sort());
  offer("by-probe", cases.map((c) => c.probe).sort());
  // Where nothing came out differently, there is something to see all the same.
  const shows = {
    different: ["lost", "won"],
    failures: ["lost", "wrong at both"],
    all: data.outcomes,
  };
  const first = ["different", "failures", "all"]
    .find((name) => cases.some((item) => shows[name].includes(item.outcome)));
  for (const option of at("by-outcome").options) option.defaultSelected = option.value === first;
  at("by-outcome").value = first;

  let chosen = [];
  let shown = 0;

  function choose() {
    const want = Object.fromEntries(
      ["level", "category", "probe"].map((name) => [name, at(`by-${name}`).value]));
    const outcome = at("by-outcome").value;
    const outcomes = shows[outcome] ?? [outcome];
    const text = at("search").value.trim().toLowerCase();
    chosen = cases.filter((item) =>
      outcomes.includes(item.outcome)
      && Object.entries(want).every(([name, value]) => !value || item[name] === value)
      && (!text || item.found.includes(text)));
    shown = 0;
    at("list").replaceChildren();
    at("count").textContent = `${chosen.length.toLocaleString("en")} of ${cases.length.toLocaleString("en")} case${cases.length === 1 ? "" : "s"}`;
    more();
  }

  function more() {
    at("list").append(...chosen.slice(shown, shown + STEP).map(article));
    shown = Math.min(shown + STEP, chosen.length);
    at("more").hidden = shown === chosen.length;
    at("more").textContent = `Show ${Math.min(STEP, chosen.length - shown)} more`;
  }

  // The chosen cases as a sheet; what a spreadsheet would take for a formula is text.
  function save() {
    const heads = ["level", "category", "probe", "index", "outcome", "pattern", "reason", "prompt",
      "expected", "reference", "own"];
    const names = { index: "case", reference: `${data.reference} response`, own: "level response" };
    const cell = (text) => `"${`${text}`.replace(/^(?=[=+\-@\t])(?!-?[\d.]+$)/, "'").replaceAll('"', '""')}"`;
    const rows = [heads.map((head) => names[head] ?? head),
      ...chosen.map((item) => heads.map((head) => item[head]))];
    const text = rows.map((row) => row.map(cell).join(",")).join("\r\n");
    const link = element("a", "");
    link.href = URL.createObjectURL(new Blob([`\ufeff${text}\r\n`], { type: "text/csv" }));
    link.download = "cases.csv";
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10000);
  }

  function element(tag, name, ...content) {
    const made = document.createElement(tag);
    if (name) made.className = name;
    made.append(...content);
    return made;
  }

  function article(item) {
    const [before, now] = marked(item.reference, item.own);
    const heading = element("h3", "",
      element("b", "", item.level),
      element("bdi", "", `${item.category.replaceAll("_", " ")}: ${item.probe}, case ${item.index}`),
      element("b", item.outcome.replaceAll(" ", "-"), item.outcome),
      element("bdi", "", item.pattern));
    const texts = element("div", "texts",
      block("prompt", "whole", [item.prompt]),
      block("expected", "", [item.expected], "short"),
      block(why(item), "", [item.reason], "short"),
      block(data.reference, "", before),
      block(item.level, "", now),
      ...parted(item));
    return element("article", "", heading, texts);
  }

  // What each model found how likely to come next, where their answers part.
  function parted(item) {
    if (!shows.different.includes(item.outcome)) return [];
    if (!item.parting) {
      const why = `where they part: not read, ${item.unparted}`;
      return item.unparted ? [element("div", "whole", element("p", "", why))] : [];
    }
    const [title, floor, ownFloor, rows] = item.parting;
    const share = (found, least) => found === null ? `< ${Math.max(0.01, least).toFixed(2)}`
      : found < 0.01 ? "< 0.01" : found.toFixed(found >= 10 ? 1 : 2);
    const cell = (text, isWritten) => element("td", isWritten ? "written" : "", text);
    const heads = ["next", `${data.reference}, %`, `${item.level}, %`];
    const table = element("table", "tokens",
      element("thead", "", element("tr", "", ...heads.map((head) => element("th", "", head)))),
      element("tbody", "", ...rows.map(([text, before, now, written]) => element("tr", "",
        element("th", "", element("code", "", text)),
        cell(share(before, floor), written === "reference"),
        cell(share(now, ownFloor), written === "level")))));
    return [element("div", "whole", element("p", "", `where they part: ${title}`), table)];
  }

  function why(item) {
    if (item.outcome === "kept") return `why right at ${item.level}`;
    return `why wrong at ${item.outcome === "won" ? data.reference : item.level}`;
  }

  function block(title, name, content, size = "") {
    const text = element("div", `text ${size}`, ...content);
    text.tabIndex = 0;
    return element("div", name, element("p", "", title), text);
  }

  // Two texts as nodes; what only one of them has is marked.
  function marked(one, other) {
    const a = one.match(/\w+|\s+|[^\w\s]/gu) ?? [];
    const b = other.match(/\w+|\s+|[^\w\s]/gu) ?? [];
    let start = 0;
    while (start < a.length && start < b.length && a[start] === b[start]) start++;
    let end = 0;
    while (end < Math.min(a.length, b.length) - start && a.at(-1 - end) === b.at(-1 - end)) end++;
    const [inA, inB] = common(a.slice(start, a.length - end), b.slice(start, b.length - end));
    const same = (i, length, inside) => i < start || i >= length - end || inside.has(i - start);
    return [nodes(a, (i) => same(i, a.length, inA)), nodes(b, (i) => same(i, b.length, inB))];
  }

  // Positions in two lists of a longest common subsequence; none for lists that are too long.
  function common(a, b) {
    const inA = new Set();
    const inB = new Set();
    if (a.length > MOST_TOKENS || b.length > MOST_TOKENS) return [inA, inB];
    const width = b.length + 1;
    const best = new Uint16Array((a.length + 1) * width);
    for (let i = a.length - 1; i >= 0; i--) {
      for (let j = b.length - 1; j >= 0; j--) {
        best[i * width + j] = a[i] === b[j] ? best[(i + 1) * width + j + 1] + 1
          : Math.max(best[(i + 1) * width + j], best[i * width + j + 1]);
      }
    }
    for (let i = 0, j = 0; i < a.length && j < b.length;) {
      if (a[i] === b[j]) { inA.add(i++); inB.add(j++); }
      else if (best[(i + 1) * width + j] >= best[i * width + j + 1]) i++;
      else j++;
    }
    return [inA, inB];
  }

  function nodes(tokens, isSame) {
    const made = [];
    let from = 0;
    for (let i = 1; i <= tokens.length; i++) {
      if (i < tokens.length && isSame(i) === isSame(from)) continue;
      const text = tokens.slice(from, i).join("");
      made.push(isSame(from) ? text : element("mark", "", text));
      from = i;
    }
    return made;
  }

  at("filters").addEventListener("input", choose);
  at("filters").addEventListener("reset", () => setTimeout(choose));
  at("filters").addEventListener("submit", (event) => event.preventDefault());
  at("more").addEventListener("click", more);
  at("save").addEventListener("click", save);
  for (const cell of document.querySelectorAll("button[data-level]")) {
    cell.addEventListener("click", () => {
      at("filters").reset();
      at("by-level").value = cell.dataset.level;
      at("by-category").value = cell.dataset.category;
      at("by-probe").value = cell.dataset.probe ?? "";
      // Where nothing came out differently, all that was asked.
      choose();
      if (!chosen.length) at("by-outcome").value = "all";
      choose();
      at("cases").scrollIntoView({ behavior: "smooth" });
    });
  }
  choose();
})();
