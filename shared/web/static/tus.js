// Uploads that finish (tus 1.0.0): in pieces, with pause, through a network that comes and goes, and past a reload. What
// the browser shows of it is for others to say: an upload tells of each change by calling `changed`.

const PIECE = 8 * 1024 * 1024;
const LONGEST_WAIT = 30;
const FORGOTTEN_AFTER = 7 * 24 * 3600 * 1000;
const PASSING = new Set([0, 408, 409, 423, 425, 429, 500, 502, 503, 504]);
const WHO = new Set([401, 403, 404]);
const GONE = new Set([403, 404, 410]);
const TUS = { "Tus-Resumable": "1.0.0" };

export class Refused extends Error {
  constructor(status, problem = {}, wait = 0) {
    super(problem.title ?? `HTTP ${status}`);
    Object.assign(this, { status, code: problem.code ?? "", wait });
  }

  get passes() { return PASSING.has(this.status); }

  // We say that the same file will be refused again. Not so where somebody has to sign in first, or where it wasn't us:
  // what stands between may say anything.
  get final() { return this.code !== "" && this.status >= 400 && this.status < 500 && !this.passes && !WHO.has(this.status); }
}

// XMLHttpRequest and not fetch, which doesn't tell how much of a body has gone out.
const send = (method, url, headers, { body = null, signal, progress } = {}) => new Promise((resolve, reject) => {
  const request = new XMLHttpRequest();
  const stop = () => request.abort();
  request.open(method, url);
  for (const [name, value] of Object.entries(headers)) request.setRequestHeader(name, value);
  if (progress) request.upload.onprogress = (event) => progress(event.loaded);
  signal?.addEventListener("abort", stop);
  request.onloadend = () => {
    signal?.removeEventListener("abort", stop);
    if (request.status >= 200 && request.status < 300) return resolve((name) => request.getResponseHeader(name));
    let problem = {};
    try { problem = JSON.parse(request.responseText); } catch { /* no problem document: its status must do */ }
    return reject(new Refused(request.status, problem, Number(request.getResponseHeader("Retry-After")) || 0));
  };
  request.send(body);
});

const metadata = (values) => Object.entries(values).filter(([, value]) => value)
  .map(([name, value]) => `${name} ${btoa(String.fromCharCode(...new TextEncoder().encode(value)))}`).join(",");

// Where unfinished uploads are, by what tells a file from others: kept in this browser until they are done or old.
export class Memory {
  constructor(owner) { this.prefix = `colonnade upload ${owner} `; }

  key(file) { return this.prefix + [file.name, file.size, file.lastModified, file.type].join(" "); }

  read(key) {
    try { return JSON.parse(localStorage.getItem(key)); } catch { return null; }
  }

  write(key, value) {
    try { localStorage.setItem(key, JSON.stringify({ ...value, at: Date.now() })); } catch { /* full or forbidden */ }
  }

  forget(key) {
    try { localStorage.removeItem(key); } catch { /* forbidden: then nothing was kept */ }
  }

  all() {
    let keys = [];
    try { keys = Object.keys(localStorage).filter((key) => key.startsWith(this.prefix)); } catch { /* as above */ }
    const found = keys.map((key) => ({ key, ...this.read(key) }));
    for (const old of found.filter((each) => !(Date.now() - each.at < FORGOTTEN_AFTER))) this.forget(old.key);
    return found.filter((each) => Date.now() - each.at < FORGOTTEN_AFTER);
  }

  // Ask how far an upload of another visit got: its offset, null where there is none any more, undefined if unknown.
  async look(key) {
    try {
      const header = await send("HEAD", this.read(key).url, TUS);
      if (header("Upload-Offset") !== header("Upload-Length")) return Number(header("Upload-Offset"));
    } catch (error) {
      if (!GONE.has(error.status)) return undefined;
    }
    this.forget(key);
    return null;
  }

  // Give up what has come so far; should that fail, it expires by itself.
  async discard(key) {
    const url = this.read(key)?.url;
    this.forget(key);
    if (url) await send("DELETE", url, TUS).catch(() => {});
  }
}

// `state` is waiting, running, paused, failed (by `error`), done or cancelled; `sent` and `file.size` are in bytes.
// While it waits to try again, `pausing` says for how many seconds. `page` is the id of the file that it has become.
export class Upload {
  constructor(file, endpoint, memory, changed) {
    Object.assign(this, { file, endpoint, memory, changed, key: memory.key(file), sent: 0, offset: 0, pausing: 0 });
    this.url = memory.read(this.key)?.url ?? null;
    this.state = "waiting";
  }

  become(state) {
    this.state = state;
    this.changed(this);
  }

  async run() {
    this.stop = new AbortController();
    this.begun = null;
    this.become("running");
    for (let failures = 0; this.state === "running";) {
      const before = this.offset;
      try {
        await this.begin();
        while (this.offset < this.file.size && this.state === "running") await this.advance();
        if (this.state === "running") this.finish();
      } catch (error) {
        if (this.state !== "running") break;
        failures = this.offset > before ? 1 : failures + 1;
        await this.consider(error, failures);
      }
    }
  }

  // Find out how far it got, or have the server make room for it.
  async begin() {
    const { signal } = this.stop;
    if (this.url) {
      try {
        const header = await send("HEAD", this.url, TUS, { signal });
        if (Number(header("Upload-Length")) === this.file.size) return this.reach(header);
      } catch (error) {
        if (!GONE.has(error.status)) throw error;
      }
      this.memory.forget(this.key);
      Object.assign(this, { url: null, offset: 0 });
    }
    const described = metadata({ filename: this.file.name, filetype: this.file.type });
    const headers = { ...TUS, "Upload-Length": this.file.size, ...(described && { "Upload-Metadata": described }) };
    const header = await send("POST", this.endpoint, headers, { signal });
    this.url = new URL(header("Location"), location.href).href;
    return this.reach(header);
  }

  async advance() {
    const { offset } = this;
    const headers = { ...TUS, "Upload-Offset": offset, "Content-Type": "application/offset+octet-stream" };
    const body = this.file.slice(offset, offset + PIECE);
    this.reach(await send("PATCH", this.url, headers, { body, signal: this.stop.signal, progress: this.progress(offset) }));
  }

  progress(offset) {
    return (loaded) => {
      if (this.state !== "running") return;
      this.sent = Math.min(offset + loaded, this.file.size);
      this.changed(this);
    };
  }

  reach(header) {
    this.offset = Number(header("Upload-Offset") ?? 0);
    this.sent = this.offset;
    this.page = header("Content-Location")?.split("/").pop() ?? this.page;
    this.begun ??= { at: Date.now(), offset: this.offset };
    const { name, size } = this.file;
    if (this.state !== "cancelled") this.memory.write(this.key, { url: this.url, name, size, offset: this.offset });
    this.changed(this);
  }

  // Wait and go on where that may help; say what is wrong where it won't.
  async consider(error, failures) {
    const readable = error.status !== 0 || (await this.isReadable());
    if (!readable || !error.passes) return this.fail(readable ? error : new Refused(0, { code: "unreadable" }));
    const patience = Math.min(2 ** (failures - 1), LONGEST_WAIT) * (0.75 + Math.random() / 2);
    this.pausing = Math.max(error.wait, patience);
    this.changed(this);
    await this.rest(this.pausing);
    this.pausing = 0;
    return this.changed(this);
  }

  // No network, and a file that was changed or removed meanwhile, look the same.
  async isReadable() {
    try { await this.file.slice(0, 1).arrayBuffer(); } catch { return false; }
    return true;
  }

  rest(seconds) {
    return new Promise((resolve) => {
      const over = new AbortController();
      const now = () => { clearTimeout(timer); over.abort(); resolve(); };
      const timer = setTimeout(now, seconds * 1000);
      window.addEventListener("online", now, { signal: over.signal });
      this.stop.signal.addEventListener("abort", now, { signal: over.signal });
    });
  }

  finish() {
    this.memory.forget(this.key);
    this.become("done");
  }

  // Of what is refused for good nothing is kept to go on with.
  fail(error) {
    this.error = error;
    if (error.final) {
      this.memory.discard(this.key);
      Object.assign(this, { url: null, offset: 0 });
    }
    this.become("failed");
  }

  pause() {
    this.halt("paused");
    return this.url && this.learn(this.stop);
  }

  // The server keeps what came of the piece that was cut off, and counts it a moment later. Until it does, `sent` is what
  // had gone out.
  async learn(stop) {
    const rests = () => this.state === "paused" && this.stop === stop;
    for (const seconds of [0.3, 1, 3]) {
      await this.rest(seconds);
      const header = rests() && (await send("HEAD", this.url, TUS).catch(() => null));
      if (!header || !rests()) return;
      const counted = Number(header("Upload-Offset")) > this.offset;
      if (counted || seconds === 3) this.reach(header);
      if (counted) return;
    }
  }

  async cancel() {
    this.halt("cancelled");
    await this.memory.discard(this.key);
  }

  halt(state) {
    this.pausing = 0;
    this.become(state);
    this.stop?.abort();
  }
}

// For people without an account: the file in one request, which can be cancelled and begun anew, and not paused.
export class WholeUpload extends Upload {
  async begin() { this.begun = { at: Date.now(), offset: 0 }; }

  async advance() {
    const body = new FormData();
    body.append("file", this.file);
    await send("POST", this.endpoint, {}, { body, signal: this.stop.signal, progress: this.progress(0) });
    this.offset = this.file.size;
    this.sent = this.offset;
  }
}
