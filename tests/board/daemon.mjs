// A daemon of one's own, and a browser to look at it with.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { chromium } from "playwright-core";

const program = process.env.SERVICEGRAD_PROGRAM;
const work = process.env.SERVICEGRAD_WORK;

/// A port that nobody uses just now.
export async function freePort() {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address();
  server.close();
  await once(server, "close");
  return port;
}

/// Waits until `condition` holds, and says for what it waited in vain.
export async function until(what, limitMs, condition) {
  const end = performance.now() + limitMs;
  let last;
  while (performance.now() < end) {
    try {
      last = await condition();
      if (last) return last;
    } catch (error) {
      last = error;
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error(`in vain for ${limitMs / 1000} s: ${what} (last: ${last})`);
}

/// Starts the program with `words` and waits until `base` answers.
export async function start(words, base) {
  const child = spawn(program, words, { stdio: ["ignore", "ignore", "inherit"], env: { ...process.env, RUST_LOG: "warn" } });
  await until(`the daemon at ${base}`, 30000, async () => (await fetch(`${base}/healthz`)).ok);
  return child;
}

/// The demonstration, with its figures kept in a folder so that it can be started again.
export const demo = (port) => start(["demo", "--listen", `127.0.0.1:${port}`, "--folder", work, "--seed", "7", "--busier", "3"], `http://127.0.0.1:${port}`);

/// A daemon whose events the test posts itself.
export async function posted(port) {
  const config = join(work, "posted.toml");
  writeFileSync(config, `[store]\nurl = "sqlite:${join(work, "posted.db")}"\n[http]\nlisten = "127.0.0.1:${port}"\n
[[source]]\nname = "vaxel"\nkind = "http"\n
[[queue]]\nname = "kundtjanst"\ntitle = "Kundtjänst"\nobjective = { threshold = "30s", target = 0.9 }\n`);
  return start(["run", "--config", config], `http://127.0.0.1:${port}`);
}

export async function kill(child, signal = "SIGTERM") {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, "exit");
  child.kill(signal);
  await gone;
}

export const browser = () => chromium.launch({
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  args: ["--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"],
});
