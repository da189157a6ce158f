// Mails appear as they come, without a reload, which would take the reader's place and the keyboard's away.
const EVERY = 2000;  // milliseconds

const look = async () => {
  const answer = document.hidden ? null : await fetch("/", { signal: AbortSignal.timeout(EVERY) }).catch(() => null);
  if (!answer?.ok) return;
  const [now, fresh] = [document, new DOMParser().parseFromString(await answer.text(), "text/html")].map((each) => each.querySelector("#list"));
  if (now.innerHTML === fresh.innerHTML || now.contains(document.activeElement)) return;
  now.replaceChildren(...fresh.childNodes);
  document.querySelector("[role=status]").textContent = now.querySelector("strong")?.textContent ?? "";
};

document.querySelector("#again").hidden = true;
setInterval(look, EVERY);
