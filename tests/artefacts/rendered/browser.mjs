// The bundle and the browser: Grafana's packages as one script, in the system's Chromium, from an
// address that exists for this page only.

import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { chromium } from "playwright-core";

const own = dirname(fileURLToPath(import.meta.url));
const icons = join(dirname(createRequire(import.meta.url).resolve("@grafana/ui/package.json")), "dist/public/img/icons");
// A Grafana server has the font Inter; where the system has not, another stands in for it.
const font = readFileSync(execFileSync("fc-match", ["-f", "%{file}", "Inter,Arial"], { encoding: "utf8" }));
const BASE = "http://panels.test/";
const HTML = `<!doctype html><meta charset="utf-8"><title>Servicegrad</title><script>window.__grafana_public_path__ = "/";
</script><link rel="icon" href="data:,"><link rel="stylesheet" href="/page.css"><div id="page"></div><script src="/page.js"></script>`;

/// Modules of Node that libraries name and a browser has not.
const absent = {
  name: "absent",
  setup(build) {
    build.onResolve({ filter: /^(node:.*|fs|path|stream|util|buffer|crypto|http|https|url|zlib|os|assert)$/ }, ({ path }) => ({ path, namespace: "absent" }));
    build.onLoad({ filter: /.*/, namespace: "absent" }, () => ({ contents: "module.exports = {}" }));
  },
};

/// Everything that the page needs, by the path at which it is asked for.
export async function bundled() {
  const made = await build({
    entryPoints: [join(own, "page.jsx")], bundle: true, write: false, format: "iife", platform: "browser", jsx: "automatic",
    mainFields: ["browser", "module", "main"], conditions: ["browser", "import"], minify: true, logLevel: "error",
    define: { "process.env.NODE_ENV": '"production"', global: "window" }, plugins: [absent],
    loader: { ".svg": "dataurl", ".png": "dataurl", ".ttf": "dataurl", ".woff": "dataurl", ".woff2": "dataurl" },
    outdir: own,
  });
  return Object.fromEntries(made.outputFiles.map(({ path, text }) => [`/${basename(path)}`, text]));
}

/// Chromium as the system has it, with nothing that asks the world.
export const browser = () => chromium.launch({
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  args: ["--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"],
});

/// A page that notes what the browser complains of. Only what belongs to Grafana's packages is served.
export async function open(chromium, files, language, complain) {
  const locale = { sv: "sv-SE", en: "en-GB" }[language];
  const context = await chromium.newContext({ viewport: { width: 1600, height: 900 }, locale, timezoneId: "Europe/Stockholm", reducedMotion: "reduce" });
  const page = await context.newPage();
  page.on("console", (message) => message.type() === "error" && complain(message.text()));
  page.on("pageerror", (error) => complain(String(error.stack ?? error)));
  await page.route("**/*", (route) => {
    const { pathname, origin } = new URL(route.request().url());
    if (`${origin}/` !== BASE) return route.abort();
    if (pathname === "/") return route.fulfill({ contentType: "text/html", body: HTML });
    if (pathname in files) return route.fulfill({ contentType: pathname.endsWith(".css") ? "text/css" : "text/javascript", body: files[pathname] });
    const icon = pathname.match(/\/img\/icons\/([\w/-]+\.svg)$/);
    if (icon !== null) return route.fulfill({ contentType: "image/svg+xml", body: readFileSync(join(icons, icon[1])) });
    if (pathname.startsWith("/fonts/")) return route.fulfill({ body: font });
    return route.fulfill({ status: 404, body: "" });
  });
  await page.goto(BASE);
  return page;
}
