// On pages of failures: the ways on that only a script has.
for (const [name, go] of [["back", () => history.back()], ["again", () => location.reload()]]) {
  const button = document.querySelector(`[data-${name}]`);
  button?.addEventListener("click", go);
  if (button && (name !== "back" || history.length > 1)) button.hidden = false;
}
