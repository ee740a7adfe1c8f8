// A server of its own for one file of tests, on a fresh data folder.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

async function freePort() {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address();
  server.close();
  await once(server, "close");
  return port;
}

export async function startServer(vars = {}) {
  const folder = await mkdtemp(join(tmpdir(), "saathii-browser-"));
  const port = await freePort();
  const kept = Object.fromEntries(["PATH", "HOME", "PG_BIN"].flatMap((name) => (process.env[name] ? [[name, process.env[name]]] : [])));
  const child = spawn(process.env.SAATHII, { env: { ...kept, DATA_DIR: folder, PORT: String(port), ...vars } });
  let output = "";
  let log = "";
  child.stdout.on("data", (data) => (output += data));
  child.stderr.on("data", (data) => (log += data));
  const base = `http://localhost:${port}`;
  const deadline = Date.now() + 60_000;
  while (!(await fetch(`${base}/readyz`).then((answer) => answer.ok, () => false))) {
    if (Date.now() > deadline || child.exitCode !== null) throw new Error(`the server is not ready:\n${log}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return {
    base,
    output: () => output,
    async stop() {
      child.kill("SIGTERM");
      if (child.exitCode === null) await once(child, "exit");
      await rm(folder, { recursive: true, force: true });
    },
  };
}
