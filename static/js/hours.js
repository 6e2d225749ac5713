// When an end before the start is typed, tick "It ends on the next day" and say so; the form asks
// for the tick without a script, too.
const value = (form, name) => form.querySelector(`[name$="${name}"]`)?.value ?? "";

document.querySelectorAll("form[data-next-day]").forEach((form) => {
  const box = form.querySelector('[name$="next_day"]');
  form.addEventListener("change", (event) => {
    if (event.target === box) return;
    const start = value(form, "start");
    const end = value(form, "end");
    if (!start || !end || !box) return;
    const passes = end <= start && end !== "00:00";
    if (passes === box.checked) return;
    box.checked = passes;
    const live = document.getElementById("live");
    if (live && passes) live.textContent = form.querySelector(`label[for="${box.id}"]`).textContent;
  });
});
