// Passkeys: a button [data-passkey="add|use|sign-in"] inside a form with a hidden field named
// "credential". The server's question is JSON in the form's data-passkey-options, or, for sign-in
// before anybody is known, fetched from the form's action. Browsers without passkeys keep the
// button hidden; codes work everywhere.
const bytes = (text) => Uint8Array.from(
  atob(text.replace(/-/g, "+").replace(/_/g, "/")), (char) => char.charCodeAt(0),
);
const text = (buffer) => btoa(String.fromCharCode(...new Uint8Array(buffer)))
  .replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");

function question(options) {
  const known = options.publicKey;
  const list = (some) => (some || []).map((one) => ({ ...one, id: bytes(one.id) }));
  const asked = { ...known, challenge: bytes(known.challenge) };
  if (known.user) asked.user = { ...known.user, id: bytes(known.user.id) };
  if (known.excludeCredentials) asked.excludeCredentials = list(known.excludeCredentials);
  if (known.allowCredentials) asked.allowCredentials = list(known.allowCredentials);
  return asked;
}

function answer(credential) {
  const { response } = credential;
  const told = { clientDataJSON: text(response.clientDataJSON) };
  for (const name of ["attestationObject", "authenticatorData", "signature", "userHandle"]) {
    if (response[name]) told[name] = text(response[name]);
  }
  if (response.getTransports) told.transports = response.getTransports();
  return {
    id: credential.id,
    rawId: text(credential.rawId),
    type: credential.type,
    response: told,
    clientExtensionResults: credential.getClientExtensionResults(),
  };
}

async function options(form) {
  if (form.dataset.passkeyOptions) return JSON.parse(form.dataset.passkeyOptions);
  const answered = await fetch(form.action, { headers: { Accept: "application/json" }, cache: "no-store" });
  if (!answered.ok) throw new Error("no question");
  return (await answered.json()).request_options;
}

async function pressed(button) {
  const { form } = button;
  const problem = form.querySelector("[data-passkey-problem]");
  problem.hidden = true;
  try {
    const publicKey = question(await options(form));
    let credential;
    if (button.dataset.passkey === "add") {
      // One that can sign in alone, where the device has room for it.
      publicKey.authenticatorSelection = { ...publicKey.authenticatorSelection, residentKey: "preferred", requireResidentKey: false, userVerification: "preferred" };
      credential = await navigator.credentials.create({ publicKey });
    } else {
      credential = await navigator.credentials.get({ publicKey });
    }
    form.elements.namedItem("credential").value = JSON.stringify(answer(credential));
    form.requestSubmit ? form.requestSubmit() : form.submit();
  } catch {
    problem.hidden = false;
    problem.focus();
  }
}

export function start() {
  if (!window.PublicKeyCredential) return;
  document.querySelectorAll("[data-passkey]").forEach((button) => {
    button.closest("[data-passkey-box]").hidden = false;
    button.addEventListener("click", () => pressed(button));
  });
}
