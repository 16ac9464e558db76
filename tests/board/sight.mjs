// What is looked for on every page, whatever it shows: that nobody is shut out of it, that it fits,
// that the browser has nothing to complain of.

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];
const REACHED = "a[href], button, input:not([type=hidden]), select, summary, [tabindex='0']";

/// What was found, from the whole run.
export const faults = [];

function found(fault) {
  console.log(fault);
  faults.push(fault);
}

/// A page that notes everything a browser complains about. `isAway` says that the daemon is not there
/// just now, of which a browser rightly complains.
export async function open(chromium, [width, height], isAway = () => false) {
  // Colours that are on their way from one to another are nobody's to judge.
  const context = await chromium.newContext({ viewport: { width, height }, reducedMotion: "reduce" });
  const page = await context.newPage();
  const where = () => `${page.url()} at ${width}x${height}`;
  page.on("console", (message) => message.type() === "error" && !isAway() && found(`${where()}: ${message.text()}`));
  page.on("pageerror", (error) => found(`${where()}: ${error}`));
  page.on("request", (request) => request.url().endsWith("/csp-report") && found(`${where()}: ${request.postData()}`));
  await page.addInitScript(() => addEventListener("securitypolicyviolation", (event) => console.error(`CSP: ${event.violatedDirective} ${event.blockedURI}`)));
  return page;
}

/// By the rules that a machine can judge.
export async function accessible(page, where) {
  await page.evaluate(axe);
  const { violations } = await page.evaluate((rules) => axe.run(document, { runOnly: rules, resultTypes: ["violations"] }), RULES);
  for (const { id, nodes } of violations) found(`${where}: axe ${id}: ${nodes[0].html.slice(0, 160)}`);
}

/// Nothing runs out of the screen sideways, nor out of the tile or card or column it stands in.
export async function fits(page, where) {
  const [wide, inner, out] = await page.evaluate(() => {
    const out = [];
    for (const box of document.querySelectorAll(".tile, .card, .facts > div")) {
      const at = box.getBoundingClientRect();
      for (const node of box.querySelectorAll("*")) {
        const { left, right, top, bottom, width } = node.getBoundingClientRect();
        // What is read aloud only has no place on the screen.
        if (width <= 1 || node.closest("svg") !== null) continue;
        if (left < at.left - 1 || right > at.right + 1 || top < at.top - 1 || bottom > at.bottom + 1) out.push(node.outerHTML.slice(0, 90));
      }
    }
    // Nor does a figure run into the one beside it.
    for (const figure of document.querySelectorAll(".figure dd")) {
      if (figure.scrollWidth > figure.clientWidth + 1) out.push(figure.outerHTML.slice(0, 90));
    }
    return [document.documentElement.scrollWidth, innerWidth, out.slice(0, 3)];
  });
  if (wide > inner) found(`${where}: ${wide} px wide on a screen of ${inner}`);
  for (const node of out) found(`${where}: runs out of its box: ${node}`);
}

/// Everything that can be used is reached by the keyboard, in the order of the page, with a ring
/// around it that is seen.
export async function keyboard(page, where) {
  const wanted = await page.locator(REACHED).count();
  const reached = [];
  for (let presses = 0; presses < wanted * 2 + 10 && reached.length < wanted; presses += 1) {
    await page.keyboard.press("Tab");
    const seen = await page.evaluate((kinds) => {
      const node = document.activeElement;
      if (node === document.body) return null;
      const { outlineStyle, outlineWidth } = getComputedStyle(node);
      const at = [...document.querySelectorAll(kinds)].indexOf(node);
      return { at, ring: outlineStyle !== "none" && outlineWidth !== "0px", html: node.outerHTML.slice(0, 80) };
    }, REACHED);
    // A field for a date takes several presses.
    if (seen === null || reached.includes(seen.at)) continue;
    if (!seen.ring) found(`${where}: no ring around ${seen.html}`);
    reached.push(seen.at);
  }
  if (reached.length !== wanted) found(`${where}: ${reached.length} of ${wanted} reached by keyboard`);
  if (reached.some((at, place) => place > 0 && at < reached[place - 1])) found(`${where}: the keyboard goes ${reached}`);
}
