// What pages do a little better with a script; all of them work without.

// A password can be looked at.
for (const input of document.querySelectorAll('input[type="password"]')) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "reveal";
  button.textContent = "Show";
  button.setAttribute("aria-label", `Show: ${input.labels[0].textContent}`);
  button.setAttribute("aria-pressed", "false");
  button.addEventListener("click", () => {
    const shown = input.type === "text";
    input.type = shown ? "password" : "text";
    button.textContent = shown ? "Show" : "Hide";
    button.setAttribute("aria-pressed", String(!shown));
  });
  const holder = document.createElement("div");
  holder.className = "revealing";
  input.replaceWith(holder);
  holder.append(input, button);
  // Sent as what it is, so that browsers neither remember it as text nor offer it as such.
  input.form.addEventListener("submit", () => { input.type = "password"; });
}

// What is shown once can be copied at once.
for (const secret of document.querySelectorAll("[data-copy]")) {
  if (!navigator.clipboard) continue;
  const button = document.createElement("button");
  button.type = "button";
  button.className = "quiet";
  button.textContent = secret.dataset.copy || "Copy";
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(secret.textContent.trim());
    button.textContent = secret.dataset.copied || "Copied";
  });
  secret.after(button);
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
