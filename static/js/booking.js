// Booking works without this. A page shown again by "back" is asked for anew, so a booked time
// shows as booked; the calendar address selects itself on focus, to be copied in one go.
window.addEventListener("pageshow", (event) => {
  if (event.persisted && document.querySelector("[data-fresh]")) window.location.reload();
});

document.addEventListener("focusin", (event) => {
  if (event.target.matches("[data-select-all]")) event.target.select();
});
