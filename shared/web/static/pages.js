// What pages do a little better with a script; all of them work without.

// The words that it adds, in the page's language.
const words = document.querySelector("script[data-show]").dataset;

// A password can be looked at. The button's name says what it does next; it has no state beside that.
for (const input of document.querySelectorAll('input[type="password"]')) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "reveal";
  const name = (word) => {
    button.textContent = word;
    button.setAttribute("aria-label", `${word}: ${input.labels[0].textContent}`);
  };
  name(words.show);
  button.addEventListener("click", () => {
    const shown = input.type === "text";
    input.type = shown ? "password" : "text";
    name(shown ? words.show : words.hide);
  });
  const holder = document.createElement("div");
  holder.className = "revealing";
  input.replaceWith(holder);
  holder.append(input, button);
  // Sent as what it is, so that browsers neither remember it as text nor offer it as such.
  input.form.addEventListener("submit", () => { input.type = "password"; });
}

// What is to be copied can be copied at once: by a button beside the others that follow it, or below.
for (const secret of document.querySelectorAll("[data-copy]")) {
  if (!navigator.clipboard) continue;
  const button = document.createElement("button");
  button.type = "button";
  button.className = "quiet";
  button.textContent = words.copy;
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(secret.textContent.trim());
    button.textContent = words.copied;
  });
  if (secret.nextElementSibling?.matches(".buttons")) secret.nextElementSibling.prepend(button);
  else secret.after(button);
}

// A form whose answer is a file leaves its page as it is: so the page says that it comes, what was wrong before is over,
// and a form that does it once is of no more use.
for (const form of document.querySelectorAll("form[data-downloads]")) {
  const said = document.querySelector("[data-download-begun]");
  form.addEventListener("submit", () => {
    for (const fault of document.querySelectorAll("main [role=alert]")) fault.remove();
    for (const field of form.querySelectorAll(".wrong")) field.classList.remove("wrong");
    for (const input of form.querySelectorAll("[aria-invalid]")) input.removeAttribute("aria-invalid");
    said.replaceChildren(Object.assign(document.createElement("p"), { className: "note good", textContent: said.dataset.downloadBegun }));
    for (const spent of document.querySelectorAll("[data-once]")) spent.hidden = true;
    if (form.hidden) said.focus();
  });
  // Who comes back from a page that said no finds the form as it was.
  window.addEventListener("pageshow", (event) => { if (event.persisted) location.reload(); });
}

// Escape closes what a button has opened, and goes back to it; what was typed there stays.
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape" || event.isComposing || event.defaultPrevented) return;
  const opened = [...document.querySelectorAll("details[open] > summary.button")];
  const inside = opened.findLast((each) => each.parentElement.contains(event.target));
  const summary = inside ?? (event.target === document.body ? opened.at(-1) : undefined);
  if (!summary) return;
  summary.parentElement.open = false;
  summary.focus();
});

// Times are told in the time zone of who reads them; the server's text, which is in UTC, is kept as the tooltip.
const locale = document.documentElement.lang === "en" ? "en-GB" : document.documentElement.lang;
const day = { day: "numeric", month: "long", year: "numeric" };
const clock = { hour: "2-digit", minute: "2-digit", timeZoneName: "short" };
for (const time of document.querySelectorAll("time[datetime]")) {
  const written = time.textContent;
  const format = new Intl.DateTimeFormat(locale, written.endsWith("UTC") ? { ...day, ...clock } : day);
  time.textContent = format.format(new Date(time.dateTime));
  if (time.textContent !== written) time.title = written;
}

// A picture covers the drawing of its kind of file; where none can be made, the drawing is what there is.
for (const picture of document.querySelectorAll("img[data-over-icon]")) {
  if (picture.complete && !picture.naturalWidth) picture.remove();
  else picture.addEventListener("error", () => picture.remove());
}

// Where the navigation has to be moved sideways, one sees where one is.
// Not by scrollIntoView: the keyboard would begin there.
const here = document.querySelector(".side [aria-current]");
if (here) here.closest(".side").scrollLeft = here.offsetLeft - here.closest(".side").clientWidth / 3;

// A field that was wrong is where the keyboard begins.
document.querySelector('[aria-invalid="true"]')?.focus();
