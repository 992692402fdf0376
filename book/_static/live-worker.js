/* Python for the page, in a thread of its own that cannot touch the page: loads what the site's folder `live/` has, and executes cells.

It is sent { run, cells, packages } and answers with { loading, of } in bytes, { running }, { run, label, text } of what is printed, and at last
{ run, fault } or, where Python itself came to an end, { run, died }. */

const live = new URL("../live/", import.meta.url);
const MOST_MEMORY = 1.5 * 2 ** 30; // bytes; more ends in Python's MemoryError, not in a page that the browser closes
const MOST_PRINTED = 100_000; // characters a run

const { grow } = WebAssembly.Memory.prototype;
WebAssembly.Memory.prototype.grow = function (pages) {
  if (this.buffer.byteLength + pages * 65536 > MOST_MEMORY) throw new RangeError("a page may not take so much memory");
  return grow.call(this, pages);
};

/* Whatever is fetched of the runtime is counted, and compared with the SHA-256 that the site was built with. */
const load = self.fetch.bind(self);
const progress = { loaded: 0, total: 0 };
let manifest;

self.fetch = async (input, options) => {
  const url = new URL(input.url ?? input, live);
  const name = decodeURIComponent(url.pathname.slice(live.pathname.length));
  const known = url.href.startsWith(live.href) && manifest?.files[name];
  if (!known) return load(input, options);
  const wanted = Uint8Array.from(known.sha256.match(/../g), (hex) => parseInt(hex, 16));
  // Without a secure connection there is no crypto.subtle: the browser compares, at the end of each file.
  const integrity = crypto.subtle ? undefined : `sha256-${btoa(String.fromCharCode(...wanted))}`;
  url.searchParams.set("v", known.sha256.slice(0, 8)); // a cache keeps no older file in its place
  const response = await load(url, { integrity });
  if (!response.ok) throw new Error(`${name}: ${response.status} ${response.statusText}`);
  const content = new Uint8Array(known.size);
  let at = 0;
  for (const reader = response.body.getReader(); ; ) {
    const { done, value } = await reader.read();
    if (done) break;
    if (at + value.length > content.length) throw new Error(`${name} is longer than the site's own`);
    content.set(value, at);
    at += value.length;
    progress.loaded += value.length;
    postMessage({ loading: Math.min(progress.loaded, progress.total), of: progress.total });
  }
  if (at !== content.length) throw new Error(`${name} is shorter than the site's own`);
  if (crypto.subtle && new Uint8Array(await crypto.subtle.digest("SHA-256", content)).some((byte, i) => byte !== wanted[i])) {
    throw new Error(`${name} is not the file that the site was built with`);
  }
  const type = name.endsWith(".wasm") ? "application/wasm" : response.headers.get("Content-Type");
  return new Response(content, { headers: type ? { "Content-Type": type } : {} });
};

const files = (packages) => packages.flatMap((name) => manifest.packages[name]);
const sizes = (names) => [...new Set(names)].reduce((sum, name) => sum + manifest.files[name].size, 0);

let starting; // Python, or the promise of it
const here = new Set(); // packages

async function start(packages) {
  manifest = await (await load(new URL("manifest.json", live), { cache: "no-cache" })).json();
  // The module itself is loaded as one, past `fetch`.
  const fetched = manifest.core.filter((name) => !name.endsWith(".mjs"));
  progress.total = sizes([...fetched, ...files(packages)]);
  const { loadPyodide } = await import(new URL("pyodide.mjs", live));
  const env = { HOME: "/home/pyodide", PYTHONHASHSEED: "0", MPLBACKEND: "agg" };
  const python = await loadPyodide({ indexURL: live.href, env, stdout() {}, stderr() {} });
  self.harness = await (await fetch(new URL("harness.py", live))).text();
  python.runPython(`
import json, js, sys, types
harness = sys.modules["harness"] = types.ModuleType("harness")
exec(compile(js.harness, "harness.py", "exec"), harness.__dict__)
`);
  return python;
}

async function withPackages(packages) {
  const anew = !starting;
  starting ??= start(packages);
  const python = await starting;
  const lacking = packages.filter((name) => !here.has(name));
  if (!lacking.length) return python;
  if (!anew) Object.assign(progress, { loaded: 0, total: sizes(files(lacking)) });
  const faults = [];
  await python.loadPackage(lacking, { messageCallback() {}, errorCallback: (text) => faults.push(text) });
  if (faults.length) throw new Error(faults.join("\n"));
  lacking.forEach((name) => here.add(name));
  return python;
}

self.onmessage = async ({ data: { run, cells, packages } }) => {
  try {
    const python = await withPackages(packages);
    postMessage({ running: run });
    let printed = 0;
    self.told = (label, text) => {
      if (printed > MOST_PRINTED) return;
      printed += text.length;
      postMessage({ run, label, text: printed > MOST_PRINTED ? `${text}\n… and more, which is not shown\n` : text });
    };
    self.cells = JSON.stringify(cells);
    const fault = python.runPython("json.dumps(harness.run(json.loads(js.cells), lambda label, text: js.told(label, text)))");
    postMessage({ run, fault: JSON.parse(fault) });
  } catch (error) {
    postMessage({ run, died: String(error?.message ?? error).trim().split("\n").at(-1) });
  }
};
