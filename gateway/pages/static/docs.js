"use strict";

// Fills the page with the API's reference. Everything it loads comes from this origin.
const place = document.getElementById("reference");

const dark = window.matchMedia("(prefers-color-scheme: dark)");
const followScheme = () => document.documentElement.classList.toggle("dark-mode", dark.matches);
dark.addEventListener("change", followScheme);
followScheme();

// The document names PUBLIC_URL; what is tried here goes where this page came from, whichever name that has.
const show = (description) => SwaggerUIBundle({
  spec: { ...description, servers: [{ url: place.dataset.server }] },
  domNode: place,
  deepLinking: true,
  displayRequestDuration: true,
  defaultModelsExpandDepth: 0,
  tryItOutEnabled: true,
  validatorUrl: null,
});

const load = async () => {
  const answer = await fetch(place.dataset.document);
  if (!answer.ok) throw new Error((await answer.json()).detail);
  return answer.json();
};

load().then(show, (failure) => {
  place.className = "notice";
  place.textContent = `The API can't be described right now. ${failure.message}`;
});
