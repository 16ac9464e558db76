// Daemons of one's own, and a browser to look at them with.

import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { chromium } from "playwright-core";

const program = process.env.SERVICEGRAD_PROGRAM;
const work = process.env.SERVICEGRAD_WORK;

/// A port that nobody uses just now.
async function freePort() {
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

export const json = async (address) => (await fetch(address)).json();

/// A daemon that can be killed and started again on the same port and store.
class Daemon {
  constructor(port, words) {
    this.base = `http://127.0.0.1:${port}`;
    this.words = words;
  }

  async start() {
    this.child = spawn(program, this.words, { stdio: ["ignore", "ignore", "inherit"], env: { ...process.env, RUST_LOG: "error" } });
    await until(`the daemon at ${this.base}`, 60000, async () => (await fetch(`${this.base}/healthz`)).ok);
    return this;
  }

  async stop(signal = "SIGTERM") {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    const gone = once(this.child, "exit");
    this.child.kill(signal);
    await gone;
  }
}

/// The simulated switchboard on a Wednesday afternoon, whatever the time is, with days behind it. This
/// seed has a queue that keeps its promise and one that nearly does.
export async function simulated(days) {
  const port = await freePort();
  const folder = join(work, "simulated");
  mkdirSync(folder, { recursive: true });
  const words = ["demo", "--listen", `127.0.0.1:${port}`, "--folder", folder, "--at", "2026-11-25T14:35", "--seed", "3", "--days", String(days)];
  return new Daemon(port, words).start();
}

/// A daemon whose events the test posts itself. Its alerts are judged too seldom to speak
/// in between.
export async function posted() {
  const port = await freePort();
  const config = join(work, "posted.toml");
  writeFileSync(config, `[store]\nurl = "sqlite:${join(work, "posted.db")}"\n[http]\nlisten = "127.0.0.1:${port}"\n
[alert]\nevery = "5m"\n
[[source]]\nname = "vaxel"\nkind = "http"\n
[[queue]]\nname = "kundtjanst"\ntitle = "Kundtjänst"\nobjective = { threshold = "30s", target = 0.9 }\n`);
  return new Daemon(port, ["run", "--config", config]).start();
}

/// A daemon that lets in users who log in, and its one user with the password.
export async function guarded() {
  const port = await freePort();
  const config = join(work, "guarded.toml");
  writeFileSync(config, `[store]\nurl = "sqlite:${join(work, "guarded.db")}"\n[http]\nlisten = "127.0.0.1:${port}"\nusers = "${join(work, "users.toml")}"\n
[[source]]\nname = "vaxel"\nkind = "http"\n\n[[queue]]\nname = "kundtjanst"\ntitle = "Kundtjänst"\n`);
  const password = execFileSync(program, ["user", "add", "anna", "--role", "admin", "--config", config], { encoding: "utf8" }).trim();
  return [await new Daemon(port, ["run", "--config", config]).start(), "anna", password];
}

/// Chromium as the system has it, with nothing that asks the world.
export const browser = () => chromium.launch({
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  args: ["--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"],
});
