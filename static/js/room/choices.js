/** What was chosen at the device check: device ids and "sound only", for this tab, until the end. */
const KEY = "room-choices";

/** @returns {{audioDevice?: string, videoDevice?: string, speaker?: string, mode?: string}} */
export function choices() {
  try {
    return JSON.parse(sessionStorage.getItem(KEY) ?? "{}");
  } catch {
    return {};
  }
}

export function remember(changed) {
  try {
    sessionStorage.setItem(KEY, JSON.stringify({ ...choices(), ...changed }));
  } catch {
    // Storage switched off: the room simply asks again.
  }
}

export function forget() {
  try {
    sessionStorage.removeItem(KEY);
  } catch {
    // Nothing was kept.
  }
}
