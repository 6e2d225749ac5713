import { find, show } from "./dom.js";
import { devices } from "./media.js";

/**
 * Keep `<select data-picker="audio|video|audiooutput">` filled with the devices that are there.
 * A picker with fewer than two choices hides itself: a child need not see it.
 *
 * @param {ParentNode} root @param {(kind: string) => string} current id in use
 * @param {(kind: string, id: string) => void} chosen
 */
export function pickers(root, current, chosen) {
  const selects = [...root.querySelectorAll("select[data-picker]")];
  for (const select of selects) {
    select.addEventListener("change", () => chosen(select.dataset.picker, select.value));
  }
  const refresh = async () => {
    let any = false;
    for (const select of selects) any = (await fill(select, current)) || any;
    show(find("[data-pickers]", root), any);
  };
  navigator.mediaDevices?.addEventListener?.("devicechange", refresh);
  return refresh;
}

async function fill(select, current) {
  const kind = select.dataset.picker;
  const found = await devices(kind);
  const mine = current(kind);
  select.replaceChildren(
    ...found.map(({ id, label }) => new Option(label || kind, id, false, id === mine)),
  );
  const choice = found.length > 1;
  show(select.closest("[data-picker-row]"), choice);
  return choice;
}
