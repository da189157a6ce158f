// What a page shows of uploads (tus.js). Without scripts its form uploads one file by itself; this takes it over.

const zone = document.querySelector("[data-uploader]");
const { Memory, Refused, Upload, WholeUpload } = await import(zone.dataset.tus);
const words = JSON.parse(zone.dataset.words);
const form = zone.querySelector("form");
const input = form.querySelector('input[type="file"]');
const list = zone.querySelector(".uploads");
const Kind = zone.dataset.uploader === "whole" ? WholeUpload : Upload;
const memory = new Memory(zone.dataset.owner);
const AT_ONCE = 2;
const uploads = [];

const say = (word, ...values) => words[word].replace(/\{(\d)\}/g, (_, index) => values[index]);

// Of a live region that changes several times in one go, only the last is heard: so what comes together is said together.
const TOGETHER = 100;  // milliseconds
const unheard = [];
const announce = (text) => {
  if (unheard.push(text) > 1) return;
  setTimeout(() => {
    const texts = unheard.splice(0);
    const ended = texts.map((each) => (texts.length > 1 && !/[.!?]$/.test(each) ? `${each}.` : each));
    zone.querySelector("[data-announcements]").textContent = ended.join(" ");
  }, TOGETHER);
};

// In the same words as the server's (Language.size).
const size = (bytes) => {
  const units = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"];
  let unit = 0;
  for (; bytes >= 1023.5 && unit < units.length - 1; unit += 1) bytes /= 1024;
  const digits = { maximumFractionDigits: unit && bytes < 100 ? 1 : 0, useGrouping: false };
  return `${bytes.toLocaleString(document.documentElement.lang, digits)} ${units[unit]}`;
};

const time = (seconds) => {
  if (seconds < 90) return say("seconds", Math.max(1, Math.round(seconds)));
  return seconds < 5400 ? say("minutes", Math.round(seconds / 60)) : say("hours", Math.round(seconds / 3600));
};

const reason = ({ status, code, message }) => {
  if (status === 401) return say("unauthenticated");
  return code in words ? say(code) : say("refused", message);
};

// Lines of the list

const make = (tag, values, ...children) => {
  const element = Object.assign(document.createElement(tag), values);
  element.append(...children);
  return element;
};

const add_line = (name) => {
  const it = { name, state: make("p"), bar: make("progress", { max: 100, value: 0 }), buttons: make("div", { className: "buttons" }) };
  it.bar.setAttribute("aria-label", name);
  it.row = make("li", {}, make("div", { className: "what" }, make("h2", { textContent: name }), it.state, it.bar), it.buttons);
  list.append(it.row);
  list.hidden = false;
  return it;
};

const offer = (it, actions) => {
  const focused = it.buttons.contains(document.activeElement);
  it.buttons.replaceChildren(...actions.map(([word, onclick, className = "quiet"]) => {
    const button = make("button", { type: "button", className, textContent: say(word), onclick });
    button.setAttribute("aria-label", `${say(word)}: ${it.name}`);
    return button;
  }));
  if (focused) it.buttons.querySelector("button")?.focus();
};

const remove_line = ({ row }) => {
  const focused = row.contains(document.activeElement);
  const next = row.nextElementSibling?.querySelector("button") ?? input;
  row.remove();
  list.hidden = !list.children.length;
  if (focused) next.focus();
};

const drop = (upload) => {
  uploads.splice(uploads.indexOf(upload), 1);
  remove_line(upload.line);
  start();
};

const actions = (upload) => {
  const cancel = ["cancel", () => { drop(upload); upload.cancel(); }];
  const again = (word) => [word, () => { upload.become("waiting"); start(); }, ""];
  const open = ["open", () => location.assign(`${zone.dataset.files}/${upload.page}`)];
  return {
    waiting: [cancel],
    running: Kind === WholeUpload ? [cancel] : [["pause", () => { upload.pause(); start(); }], cancel],
    paused: [again("resume"), cancel],
    failed: upload.error?.final ? [["discard", () => drop(upload), ""]] : [again("retry"), cancel],
    done: [...(upload.page && zone.dataset.files ? [open] : []), ["remove", () => drop(upload)]],
  }[upload.state] ?? [];
};

const described = ({ state, file, sent, url, begun, pausing, error }) => {
  const [some, all] = [size(sent), size(file.size)];
  if (state === "failed") return reason(error);
  if (state === "done" || state === "waiting") return `${all} · ${say(state)}`;
  if (state === "paused") return say("paused", some, all);
  if (pausing) return navigator.onLine ? say("again", Math.ceil(pausing)) : say("offline");
  if (!begun) return `${all} · ${say("preparing")}`;
  const seconds = (Date.now() - begun.at) / 1000;
  const left = ((file.size - sent) * seconds) / (sent - begun.offset);
  return say("running", some, all) + (seconds > 2 && Number.isFinite(left) ? ` · ${say("left", time(left))}` : "");
};

const show = (upload) => {
  const { line, state, sent, file } = upload;
  const percent = file.size ? (100 * sent) / file.size : 0;
  line.bar.value = percent;
  line.bar.hidden = state === "done";
  line.state.textContent = described(upload);
  line.row.classList.toggle("wrong", state === "failed");
  if (line.shown !== state) {
    line.shown = state;
    offer(line, actions(upload));
    told(upload);
  } else if (state === "running" && percent >= (line.told ?? 0) + 25 && percent < 100) {
    line.told = Math.floor(percent / 25) * 25;
    announce(say("announce_share", file.name, line.told));
  }
  tell_of_waiting(upload);
};

// Once, however often it is tried, until it gets on.
const tell_of_waiting = (upload) => {
  const { line, pausing, sent, file } = upload;
  if (!pausing && sent !== line.stuck_at) line.stuck_at = undefined;
  if (pausing && line.stuck_at === undefined) announce(`${file.name}: ${described(upload)}`);
  if (pausing) line.stuck_at = sent;
};

const told = ({ state, file, error }) => {
  if (state === "paused" || state === "done") announce(say(`announce_${state}`, file.name));
  if (state === "failed") announce(`${file.name}: ${reason(error)}`);
  if (state === "done") refresh();
};

// Choosing files

const start = () => {
  const free = AT_ONCE - uploads.filter((each) => each.state === "running").length;
  const next = uploads.filter((each) => each.state === "waiting").slice(0, Math.max(0, free));
  for (const upload of next) upload.run().then(start);
};

const unfinished = new Map();  // lines of what another visit left, by the key of its file

const add = (file) => {
  const known = uploads.find((each) => each.key === memory.key(file) && each.state !== "done");
  if (known) {
    known.file = file;
    if (known.state === "failed" || known.state === "paused") known.become("waiting");
    return null;
  }
  const upload = new Kind(file, zone.dataset.endpoint, memory, show);
  if (unfinished.has(upload.key)) remove_line(unfinished.get(upload.key));
  unfinished.delete(upload.key);
  upload.line = add_line(file.name);
  uploads.push(upload);
  show(upload);
  return upload;
};

const take = (files) => {
  const added = files.map(add).filter(Boolean);
  if (added.length === 1) announce(say("announce_added", added[0].file.name));
  if (added.length > 1) announce(say("announce_many", added.length));
  for (const upload of added) {
    if (upload.file.size > Number(zone.dataset.largest)) upload.fail(new Refused(413, { code: "file_too_large" }));
  }
  start();
};

const remind = async ({ key, name, size: all, offset }) => {
  const line = add_line(name);
  unfinished.set(key, line);
  const tell = (sent) => {
    line.bar.value = (100 * sent) / all;
    line.state.textContent = say("unfinished", size(sent), size(all));
  };
  const leave = () => { if (unfinished.delete(key)) remove_line(line); };
  tell(offset);
  offer(line, [["choose", () => input.click(), ""], ["forget", () => { memory.discard(key); leave(); }]]);
  const found = await memory.look(key);
  if (found === null) leave();
  else if (found !== undefined) tell(found);
};

if (Kind === Upload) memory.all().forEach(remind);

// What is stored now is in the list at once, unless somebody is just moving about in it.
const refresh = async () => {
  const answer = await fetch(location.href, { headers: { Accept: "text/html" } }).catch(() => null);
  if (!answer?.ok || answer.redirected) return;
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
  for (const part of document.querySelectorAll("[data-refreshed]")) {
    const newer = fresh.querySelector(`[data-refreshed="${part.dataset.refreshed}"]`);
    for (const picture of newer?.querySelectorAll("img") ?? []) picture.onerror = () => picture.remove();
    if (newer && !part.contains(document.activeElement)) part.replaceWith(newer);
  }
};

// Files dropped anywhere on the page are meant for it; a browser would leave the page to show them.

const is_file = (event) => [...(event.dataTransfer?.types ?? [])].includes("Files");
let over = 0;
const hover = (change) => {
  over = Math.max(0, over + change);
  zone.classList.toggle("over", over > 0);
};

window.addEventListener("dragenter", (event) => { if (is_file(event)) hover(1); });
window.addEventListener("dragleave", (event) => { if (is_file(event)) hover(-1); });
window.addEventListener("dragover", (event) => { if (is_file(event)) event.preventDefault(); });
window.addEventListener("drop", (event) => {
  if (!is_file(event)) return;
  event.preventDefault();
  hover(-over);
  const folders = [...event.dataTransfer.items].map((item) => item.webkitGetAsEntry?.()?.isDirectory ?? false);
  if (folders.includes(true)) announce(say("folder"));
  zone.querySelector("[data-folder]").hidden = !folders.includes(true);
  take([...event.dataTransfer.files].filter((_, index) => !folders[index]));
});

input.multiple = true;
input.addEventListener("change", () => {
  take([...input.files]);
  input.value = "";  // so that the same file can be chosen again
});
form.addEventListener("submit", (event) => event.preventDefault());
zone.classList.add("lively");
