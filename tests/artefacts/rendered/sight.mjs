// What is read off a drawn panel, and what is looked for in every one: that it shows something, that
// nothing of it is cut off.

/// Runs in the page: the values with their colours, the names of the lines, the cells of the table.
export const read = (id) => {
  const panel = document.querySelector(`[data-panel="${id}"]`);
  const hex = (colour) => colour.replace(/^rgba?\((\d+), (\d+), (\d+).*$/, (_, ...rgb) => `#${rgb.slice(0, 3).map((part) => Number(part).toString(16).padStart(2, "0")).join("")}`).toLowerCase();
  const plain = (text) => text.replace(/[\u00a0\u202f]/g, " ").trim();
  const values = [...panel.querySelectorAll("[data-value]")].map((box) => {
    const name = box.dataset.value;
    const leaves = [...box.querySelectorAll("*")].filter((node) => [...node.childNodes].some((child) => child.nodeType === 3 && child.data.trim() !== ""));
    const [titles, figures] = [leaves.filter((node) => node.textContent === name), leaves.filter((node) => node.textContent !== name)];
    return { name: titles.length === 1 ? name : `${name}?`, text: plain(figures.map((node) => node.textContent).join("")), colour: figures[0] && hex(getComputedStyle(figures[0]).color) };
  });
  const words = [...panel.querySelectorAll("[data-word]")].map((box) => ({ name: box.dataset.word, text: plain(box.textContent.slice(box.dataset.word.length + 2)), colour: hex(getComputedStyle(box).color) }));
  const legend = [...panel.querySelectorAll("button[title], [class*=LegendLabel], [class*=legend] button")].map((node) => node.textContent);
  const cells = [...panel.querySelectorAll("[role=row]")].map((row) => [...row.querySelectorAll("[role=gridcell], [role=columnheader]")]);
  const [head, ...rows] = cells.map((row) => row.map((cell) => plain(cell.textContent)));
  const painted = cells.slice(1).map((row) => row.map((cell) => hex(getComputedStyle([cell, ...cell.querySelectorAll("*")].at(-1)).color)));
  const colours = [...panel.querySelectorAll("canvas")].flatMap((canvas) => {
    const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
    const found = new Set();
    for (let at = 0; at < data.length; at += 4) if (data[at + 3] > 250) found.add(`#${[0, 1, 2].map((part) => data[at + part].toString(16).padStart(2, "0")).join("")}`);
    return [...found];
  });
  return { values, words, legend, head, rows, painted, colours };
};

/// Runs in the page: what of a panel is cut off, missing or unfinished.
export const faults = (id) => {
  const panel = document.querySelector(`[data-panel="${id}"]`);
  const found = [];
  if (panel.querySelector("[data-nothing]") !== null || /no data/i.test(panel.innerText)) found.push("shows nothing");
  if (/\{\{|undefined|\bNaN\b|\$\{|panel-\w|dash-\w/.test(panel.innerText)) found.push(`says ${panel.innerText.match(/.*(\{\{|undefined|NaN|\$\{|panel-|dash-).*/)[0]}`);
  const at = panel.getBoundingClientRect();
  for (const node of panel.querySelectorAll("*")) {
    const text = [...node.childNodes].filter((child) => child.nodeType === 3).map((child) => child.data.trim()).join("");
    if (text === "" || node.closest("svg") !== null) continue;
    const box = node.getBoundingClientRect();
    const { overflowX } = getComputedStyle(node);
    if (overflowX !== "visible" && node.scrollWidth > node.clientWidth + 1) found.push(`cut off: ${text}`);
    if (box.left < at.left - 1 || box.right > at.right + 1) found.push(`runs out sideways: ${text}`);
    if (box.width > 1 && node.closest("[role=grid]") === null && parseFloat(getComputedStyle(node).fontSize) < 10) found.push(`too small to be read: ${text}`);
  }
  for (const node of panel.querySelectorAll("*")) {
    const { overflowX, overflowY } = getComputedStyle(node);
    const rolls = (overflow) => overflow === "auto" || overflow === "scroll";
    const isTable = node.closest("[role=grid]") !== null;
    if (rolls(overflowX) && node.scrollWidth > node.clientWidth + 1) found.push(`wider than its panel by ${node.scrollWidth - node.clientWidth}`);
    if (!isTable && rolls(overflowY) && node.scrollHeight > node.clientHeight + 1) found.push(`higher than its panel by ${node.scrollHeight - node.clientHeight}`);
  }
  return [...new Set(found)];
};
