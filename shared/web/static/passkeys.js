// Passkeys: the one thing that pages need a script for. A form says what it wants (`data-passkey`) and with which options;
// what the browser's authenticator answers is sent as the form's field `credential`.

const fromBase64 = (text) => Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (one) => one.charCodeAt(0));
const toBase64 = (buffer) => btoa(String.fromCharCode(...new Uint8Array(buffer)))
  .replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");

const known = (credentials) => (credentials ?? []).map((each) => ({ ...each, id: fromBase64(each.id) }));

const ways = {
  create: async (options) => navigator.credentials.create({
    publicKey: {
      ...options,
      challenge: fromBase64(options.challenge),
      user: { ...options.user, id: fromBase64(options.user.id) },
      excludeCredentials: known(options.excludeCredentials),
    },
  }),
  get: async (options) => navigator.credentials.get({
    publicKey: {
      ...options,
      challenge: fromBase64(options.challenge),
      allowCredentials: known(options.allowCredentials),
    },
  }),
};

const told = (credential) => {
  const { clientDataJSON, attestationObject, authenticatorData, signature, userHandle } = credential.response;
  const response = { clientDataJSON: toBase64(clientDataJSON) };
  if (attestationObject) {
    response.attestationObject = toBase64(attestationObject);
    response.transports = credential.response.getTransports?.() ?? [];
  } else {
    response.authenticatorData = toBase64(authenticatorData);
    response.signature = toBase64(signature);
    if (userHandle) response.userHandle = toBase64(userHandle);
  }
  return JSON.stringify({ id: credential.id, rawId: toBase64(credential.rawId), type: credential.type, response });
};

for (const form of document.querySelectorAll("form[data-passkey]")) {
  if (!window.PublicKeyCredential) continue;
  form.hidden = false;
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const faults = form.querySelectorAll("[role=alert]");
    for (const fault of faults) fault.hidden = true;
    try {
      form.elements.credential.value = told(await ways[form.dataset.passkey](JSON.parse(form.dataset.options)));
    } catch (error) {
      // SecurityError: the page was opened at another host than PUBLIC_URL's. Trying again never helps there.
      const elsewhere = error.name === "SecurityError" && form.querySelector("[data-elsewhere]");
      (elsewhere || faults[0]).hidden = false;
      return;
    }
    form.submit();
  });
}

for (const note of document.querySelectorAll("[data-without-passkeys]")) note.hidden = Boolean(window.PublicKeyCredential);
