// The pictures of the README, where somebody wants them made anew.

import { join } from "node:path";
import { open } from "./sight.mjs";

export async function pictures(chromium, base, folder) {
  for (const [name, address, screen] of [
    ["wallboard", "/?theme=dark", [1920, 1080]],
    ["units", "/units?theme=light", [1366, 768]],
    ["phone", "/?theme=light", [390, 844]],
  ]) {
    const page = await open(chromium, screen);
    await page.goto(base + address);
    if (name !== "units") await page.waitForFunction(() => document.querySelector("#updated").textContent !== "–");
    await page.screenshot({ path: join(folder, `${name}.png`) });
    await page.context().close();
  }
}
