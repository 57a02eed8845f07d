// A map of homes. `<div class="map" data-places="/…/places.json" data-home="/…/places/"></div>`
//
// A home is a mark on a canvas, a card `[data-place="<id>"]` of the page its equivalent: pointing at one
// lights the other. `data-home` leads to the card of a home that stands on another page.
// Events of the div: `map:ready` {map, marks} and `map:select` {id}.
const SAID = {
  fr: { loading: "La carte se charge…", failed: "La carte n’a pas pu être chargée.", again: "Réessayer", close: "Fermer" },
  en: { loading: "The map is loading…", failed: "The map could not be loaded.", again: "Try again", close: "Close" },
};
const said = SAID[document.documentElement.lang] ?? SAID.en;
const still = matchMedia("(prefers-reduced-motion: reduce)");
const dark = matchMedia("(prefers-color-scheme: dark)");
const NAMED_OUTLINES = 25;
const NAMED_PIXELS = 40;
const maps = new Map();

const around = (corners, turn = 0, inner = 1) =>
  Array.from({ length: corners }, (_, at) => {
    const [reach, angle] = [at % 2 ? inner : 1, turn + (at * 2 * Math.PI) / corners];
    return [reach * Math.sin(angle), -reach * Math.cos(angle)];
  });
const cross = [[-0.4, -1], [0.4, -1], [0.4, -0.4], [1, -0.4], [1, 0.4], [0.4, 0.4], [0.4, 1], [-0.4, 1],
  [-0.4, 0.4], [-1, 0.4], [-1, -0.4], [-0.4, -0.4]];
const SHAPES = {
  new: around(24), contacted: around(4, Math.PI / 4), meeting: around(3), negotiation: around(4),
  mandate: around(10, 0, 0.5), sold: cross,
};

function element(name, options = {}, ...children) {
  const made = Object.assign(document.createElement(name), options);
  made.append(...children);
  return made;
}

function script(path) {
  return new Promise((resolve, reject) => {
    const src = new URL(path, import.meta.url).href;
    document.head.append(element("script", { src, onload: resolve, onerror: reject }));
  });
}

async function leaflet() {
  if (!document.querySelector('link[href*="leaflet.css"]')) {
    const href = new URL("./leaflet/leaflet.css", import.meta.url).href;
    document.head.append(element("link", { rel: "stylesheet", href }));
  }
  if (!window.L) await script("./leaflet/leaflet.js");
  if (!L.Canvas.prototype._updateMark) L.Canvas.include({ _updateMark: drawMark });
  return window.L;
}

function drawMark(layer) {
  if (!this._drawing || layer._empty()) return;
  const { _point: middle, _radius: radius } = layer;
  this._ctx.beginPath();
  for (const [x, y] of layer.options.shape) this._ctx.lineTo(middle.x + x * radius, middle.y + y * radius);
  this._ctx.closePath();
  this._fillStroke(this._ctx, layer);
}

function say(box, text, ...more) {
  box.replaceChildren(element("p", { className: "empty" }, text, ...more));
}

async function start(box) {
  maps.set(box, null);
  say(box, said.loading);
  try {
    const [answer] = await Promise.all([fetch(box.dataset.places, { headers: { Accept: "application/json" } }), leaflet()]);
    if (!answer.ok) throw new Error(`status ${answer.status}`);
    draw(box, await answer.json());
  } catch (error) {
    console.error(error);
    const again = element("button", { type: "button", className: "quiet", onclick: () => start(box) }, said.again);
    say(box, `${said.failed} `, again);
  }
}

function draw(box, told) {
  box.replaceChildren();
  box.setAttribute("role", "region");
  box.setAttribute("aria-label", told.words.map_label);
  const plain = !still.matches;
  const map = L.map(box, {
    preferCanvas: true, zoomControl: false, scrollWheelZoom: false, maxZoom: 19, zoomSnap: told.tiles ? 1 : 0.5,
    zoomAnimation: plain, fadeAnimation: plain, markerZoomAnimation: plain, inertia: plain,
  });
  const view = { box, map, told, marks: new Map(), outlines: [], names: [], lit: null, fitted: false };
  maps.set(box, view);
  map.attributionControl.setPrefix(false);
  L.control.zoom({ zoomInTitle: told.words.map_zoom_in, zoomOutTitle: told.words.map_zoom_out }).addTo(map);
  allButton(view).addTo(map);
  box.addEventListener("focus", () => map.scrollWheelZoom.enable());
  box.addEventListener("blur", () => map.scrollWheelZoom.disable());
  if (told.tiles) tiles(view);
  for (const outline of told.outlines) outlineOf(view, outline);
  for (const place of told.places) markOf(view, place);
  paint(view);
  legend(view);
  if (!view.marks.size) box.append(element("p", { className: "map-none" }, told.words.map_none));
  new ResizeObserver(() => (map.invalidateSize({ animate: false }), fit(view))).observe(box);
  fit(view);
  cards(view);
  box.dataset.state = "ready";
  box.dispatchEvent(new CustomEvent("map:ready", { bubbles: true, detail: { map, marks: view.marks } }));
}

function tiles({ map, told }) {
  const attribution = element("span", { textContent: told.tiles.attribution }).innerHTML; // escaped
  L.tileLayer(told.tiles.url, { attribution, maxZoom: 19 }).addTo(map);
}

function outlineOf(view, { name, rings }) {
  const turned = rings.map((ring) => ring.map(([longitude, latitude]) => [latitude, longitude]));
  const drawn = L.polygon(turned, { interactive: false, weight: 2 }).addTo(view.map);
  view.outlines.push(drawn);
  if (view.told.tiles || view.told.outlines.length > NAMED_OUTLINES) return;
  const bounds = drawn.getBounds();
  const label = L.tooltip({ permanent: true, direction: "top", className: "outline-name", offset: [0, 0] })
    .setLatLng([bounds.getNorth(), bounds.getCenter().lng])
    .setContent(element("span", {}, name));
  const fits = () => {
    const [west, east] = [bounds.getWest(), bounds.getEast()].map((at) => view.map.latLngToContainerPoint([0, at]).x);
    if (east - west > NAMED_PIXELS) label.addTo(view.map);
    else label.remove();
  };
  view.map.on("zoomend viewreset", fits);
  view.names.push(fits);
}

function markOf(view, place) {
  const Mark = (L.Mark ??= L.CircleMarker.extend({ _updatePath() { this._renderer._updateMark(this); } }));
  const mark = new Mark([place.latitude, place.longitude], { radius: 8, weight: 1.5, fillOpacity: 0.9 });
  mark.place = place;
  mark.bindPopup(() => popup(view, place)).bindTooltip(() => element("span", {}, place.label));
  mark.on({
    mouseover: () => light(view, place.id, true),
    mouseout: () => light(view, null, true),
    click: () => view.box.dispatchEvent(new CustomEvent("map:select", { bubbles: true, detail: { id: place.id } })),
  });
  view.marks.set(place.id, mark.addTo(view.map));
}

function popup({ box, told }, place) {
  const facts = [told.kinds[place.kind], told.statuses[place.status]].filter(Boolean).join(" · ");
  const said = element("div", { className: "place" }, element("strong", {}, place.label), element("p", {}, facts));
  const card = cardOf(place.id);
  if (card) said.append(element("button", { type: "button", className: "quiet", onclick: () => toCard(card) }, told.words.map_card));
  else if (box.dataset.home) said.append(element("a", { href: box.dataset.home + place.id }, told.words.map_card));
  return said;
}

const cardOf = (id) => document.querySelector(`[data-place="${CSS.escape(id)}"]`);

function toCard(card) {
  card.scrollIntoView({ block: "center", behavior: still.matches ? "auto" : "smooth" });
  if (!card.matches("a, button, [tabindex]")) card.tabIndex = -1;
  card.focus({ preventScroll: true });
}

function light(view, id, fromMap = false) {
  if (view.lit === id) return;
  if (view.lit) {
    cardOf(view.lit)?.classList.remove("is-lit");
    const mark = view.marks.get(view.lit);
    mark?.setRadius(8).setStyle({ weight: 1.5 });
    if (!fromMap) mark?.closeTooltip();
  }
  view.lit = id;
  const mark = id && view.marks.get(id);
  if (!mark) return;
  cardOf(id)?.classList.add("is-lit");
  mark.setRadius(13).setStyle({ weight: 3 }).bringToFront();
  if (!fromMap) mark.openTooltip();
}

function paint({ box, marks, outlines, told }) {
  const tokens = getComputedStyle(box);
  const token = (name, otherwise) => tokens.getPropertyValue(name).trim() || otherwise;
  const border = token("--map-border", "#6c63ff");
  for (const each of outlines) each.setStyle({ color: border, fillColor: border, fillOpacity: told.tiles ? 0 : 0.07 });
  for (const mark of marks.values()) {
    const { status } = mark.place;
    mark.options.shape = SHAPES[status] ?? SHAPES.new;
    mark.setStyle({ color: token("--map-edge", "#ffffff"), fillColor: token(`--stage-${status}`, "#6c63ff") });
  }
}

function fit(view) {
  if (view.fitted || !view.box.offsetWidth || !view.box.offsetHeight) return;
  const { map, marks, outlines } = view;
  const shown = marks.size ? [...marks.values()] : outlines;
  const options = { paddingTopLeft: [60, 44], paddingBottomRight: [24, 24], maxZoom: 16, animate: false };
  if (shown.length) map.fitBounds(L.featureGroup(shown).getBounds(), options);
  else map.setView([46.6, 2.5], 5, { animate: false });
  for (const name of view.names) name();
  view.fitted = true;
}

function allButton(view) {
  const control = L.control({ position: "topleft" });
  control.onAdd = () => {
    const all = () => ((view.fitted = false), fit(view));
    const button = element("button", { type: "button", className: "quiet", onclick: all }, view.told.words.map_all);
    const bar = element("div", { className: "leaflet-bar map-all" }, button);
    L.DomEvent.disableClickPropagation(bar);
    return bar;
  };
  return control;
}

function legend({ box, told, marks }) {
  const there = new Set([...marks.values()].map((mark) => mark.place.status));
  const items = Object.keys(told.statuses).filter((status) => there.has(status)).map((status) => {
    const sign = document.createElementNS("http://www.w3.org/2000/svg", "svg");
    sign.setAttribute("viewBox", "-1.2 -1.2 2.4 2.4");
    sign.setAttribute("class", `stage-${status}`);
    sign.setAttribute("aria-hidden", "true");
    const shape = document.createElementNS("http://www.w3.org/2000/svg", "polygon");
    shape.setAttribute("points", (SHAPES[status] ?? SHAPES.new).map((point) => point.map((part) => part.toFixed(2)).join()).join(" "));
    shape.setAttribute("fill", "currentColor");
    sign.append(shape);
    return element("li", {}, sign, ` ${told.statuses[status]}`);
  });
  const list = element("ul", { className: "legend" }, ...items);
  list.setAttribute("aria-label", told.words.map_legend);
  if (box.nextElementSibling?.matches("ul.legend")) box.nextElementSibling.remove();
  if (items.length) box.after(list);
}

// Cards may come later, or anew with another status.
function cards(view) {
  for (const card of document.querySelectorAll("[data-place]")) {
    const mark = view.marks.get(card.dataset.place);
    if (!mark) continue;
    if (card.dataset.status && card.dataset.status !== mark.place.status) {
      mark.place.status = card.dataset.status;
      paint(view);
      legend(view);
    }
    if (!view.box.offsetWidth || card.querySelector("[data-show-place]")) continue;
    const show = element("button", { type: "button", className: "quiet", onclick: () => focusOn(view, mark) }, view.told.words.map_show);
    show.dataset.showPlace = card.dataset.place;
    card.append(show);
  }
}

function focusOn({ box, map }, mark) {
  box.scrollIntoView({ block: "nearest", behavior: still.matches ? "auto" : "smooth" });
  map.setView(mark.getLatLng(), Math.max(map.getZoom(), 15), { animate: !still.matches });
  mark.openPopup();
  box.querySelector(".leaflet-popup-close-button")?.setAttribute("aria-label", said.close);
  (box.querySelector(".leaflet-popup :is(a, button)") ?? box).focus({ preventScroll: true });
}

function begin() {
  for (const box of maps.keys()) if (!box.isConnected) (maps.get(box)?.map.remove(), maps.delete(box));
  for (const box of document.querySelectorAll(".map[data-places]")) if (!maps.has(box)) start(box);
  for (const view of maps.values()) if (view) cards(view);
}

const pointed = ({ target }) => {
  const id = target.closest?.("[data-place]")?.dataset.place ?? null;
  for (const view of maps.values()) if (view && !view.box.contains(target)) light(view, id);
};
document.addEventListener("pointerover", pointed);
document.addEventListener("focusin", pointed);
document.addEventListener("htmx:after:swap", begin);
dark.addEventListener("change", () => maps.forEach((view) => view && paint(view)));
begin();
