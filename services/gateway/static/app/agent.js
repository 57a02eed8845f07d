// What makes the page of an agent smoother. All of it works without.

const spoken = document.getElementById("spoken");

/** Say it to whoever listens instead of looking. */
function speak(text) {
  spoken.textContent = "";
  requestAnimationFrame(() => (spoken.textContent = text));
}

/** List and map: one of them on a narrow screen, both side by side on a wide one. */
for (const views of document.querySelectorAll(".views")) {
  const buttons = [...views.querySelectorAll("[data-show]")];
  const show = (name) => {
    views.dataset.view = name;
    for (const button of buttons) button.setAttribute("aria-pressed", String(button.dataset.show === name));
  };
  views.querySelector(".view-map").hidden = false;
  views.querySelector(".view-toggle").hidden = false;
  for (const button of buttons) button.addEventListener("click", () => show(button.dataset.show));
  // From a mark of the map to its card, which may be hidden until then.
  views.addEventListener("click", (event) => event.target.closest(".leaflet-popup button") && show("list"), true);
}

/** Between two visits there is not always a network: say so at the button, and leave it as it was. */
function complain(from) {
  const home = from?.closest?.(".home, form");
  home?.querySelector(".fault")?.remove();
  const fault = Object.assign(document.createElement("p"), { className: "fault", textContent: document.body.dataset.offline });
  home?.append(fault);
  speak(fault.textContent);
}

document.addEventListener("htmx:error", (event) => complain(event.target));
document.addEventListener("htmx:response:error", (event) => {
  // The link has ended, or the address is shown no more: the page says which.
  if (event.detail.ctx.response.status < 500) location.reload();
  else complain(event.target);
});
document.addEventListener("htmx:after:swap", () => {
  const said = document.querySelector(".home:focus-within .said") ?? document.querySelector("#suggestions h3, #suggestions .empty");
  if (said) speak(said.textContent);
});
