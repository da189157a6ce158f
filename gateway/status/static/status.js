// Draws the page anew every few seconds, as long as somebody can see it. Without scripts it reloads by itself.
const EVERY = 5000;

async function renew() {
  if (document.hidden) return;
  const live = () => document.querySelector(".live");
  try {
    const answer = await fetch(location.href, { cache: "no-store", signal: AbortSignal.timeout(10000) });
    if (!answer.ok) throw new Error(answer.statusText);
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const focused = document.activeElement?.id;
    const moved = document.getElementById("routes")?.scrollLeft ?? 0;
    for (const part of ["main", "time"]) document.querySelector(part).replaceWith(page.querySelector(part));
    document.getElementById("routes")?.scrollTo({ left: moved, behavior: "instant" });
    if (focused) document.getElementById(focused)?.focus({ preventScroll: true });
    document.title = page.title;
    live().textContent = "Live";
    live().classList.remove("lost");
  } catch {
    live().textContent = "No answer";
    live().classList.add("lost");
  }
  live().hidden = false;
}

async function keepOn() {
  await renew();
  setTimeout(keepOn, EVERY);
}

document.addEventListener("visibilitychange", renew);
setTimeout(keepOn, 2000);
