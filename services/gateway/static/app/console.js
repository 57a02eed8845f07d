// What makes the console smoother. Every page works without it.

const page = document.documentElement;

/** "5 min ago", kept true; the server's words where the browser has none. */
const relative = new Intl.RelativeTimeFormat(page.lang, { numeric: "always", style: "short" });
const UNITS = [["day", 86400], ["hour", 3600], ["minute", 60], ["second", 1]];

function tick() {
  for (const time of document.querySelectorAll("time.ago")) {
    const seconds = (Date.parse(time.dateTime) - Date.now()) / 1000;
    const [unit, length] = UNITS.find(([, length]) => Math.abs(seconds) >= length) ?? UNITS[3];
    const text = relative.format(Math.trunc(seconds / length), unit);
    if (time.textContent !== text) time.textContent = text;
  }
}

setInterval(() => document.hidden || tick(), 1000);

/** A form that is sent once: a second click finds its button at rest. */
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.method !== "post" || event.defaultPrevented) return;
  if (form.dataset.sent) return event.preventDefault();
  form.dataset.sent = "1";
  const button = event.submitter;
  setTimeout(() => button?.setAttribute("disabled", ""));
  setTimeout(() => rest(form), 10000); // no answer came, or a file
});

function rest(form) {
  delete form.dataset.sent;
  form.querySelectorAll("button[disabled]").forEach((button) => button.removeAttribute("disabled"));
}

/** Back from another page: what was sent may be sent again. */
addEventListener("pageshow", (event) => {
  if (event.persisted) document.querySelectorAll("form[data-sent]").forEach(rest);
});

/** Escape closes what was about to be confirmed, and gives the focus back. */
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  const open = event.target.closest?.("details.action[open]");
  if (!open) return;
  open.open = false;
  open.querySelector("summary").focus();
});

/** The page that is shown stands in sight, also in a narrow navigation. */
document.querySelector(".pages [aria-current]")?.scrollIntoView({ block: "nearest", inline: "center" });

/** Streams: `.live` says whether what is shown is still true, in the words of its data attributes. */
function live(stream, isLost) {
  const target = document.getElementById(stream.dataset.live ?? "live");
  if (!target) return;
  target.classList.toggle("lost", isLost);
  const text = isLost ? target.dataset.lost : target.dataset.on;
  if (text && target.textContent !== text) target.textContent = text;
}

document.addEventListener("htmx:sse:after:connection", (event) => live(event.target, false));
document.addEventListener("htmx:sse:error", (event) => {
  // The session has ended, here or on another page: the sign-in says so, and leads back.
  if ([401, 403].includes(event.detail.status)) location.reload();
  live(event.target, true);
});

/** A stream that could not begin begins a little later: only one that has begun comes back by itself. */
for (const failure of ["htmx:response:error", "htmx:error"]) {
  document.addEventListener(failure, ({ target: stream, detail }) => {
    const path = stream.getAttribute?.("hx-sse:connect");
    if (!path || stream._htmx?.sse) return;
    if ([401, 403].includes(detail.ctx?.response?.status)) location.reload();
    live(stream, true);
    setTimeout(() => stream.isConnected && window.htmx.ajax("GET", path, { source: stream }), 3000);
  });
}
