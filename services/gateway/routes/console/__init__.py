'''The console: pages for operators, at /console.

How a page is added, as an example "weather":

1. `routes/console/weather.py`: its handlers, and `PAGES: Final = (weather, …)`; `router.py` names the
   module in its own `PAGES`.

       @get("/weather")
       async def weather(visit: Visited, number: Number = 1) -> Response[bytes]:
           """What an operator sees."""
           async with visit.ports.reading() as connection:
               rows = await repository.page(connection, number)
           return await shown(visit, "console/weather.html", "weather", rows=rows)

   An id that names nothing: `raise unknown("…")`. An action calls the operation that the interface has:

       @post("/weather/{day_id:str}/retry")
       async def retry(visit: Visited, day_id: PathId) -> Redirect:
           """Ask again."""
           return await act(visit, operations.retry, back=f"/console/weather/{day_id}", said="retried", day_id=day_id)

   `said` is a word of the subject; numbers of the answer fill its blanks. What a refusal says is the
   word `retried_409` (any status) where the subject has it, else `refused_409` of `common.toml`. A body:
   `data={"days": 3}` is read as the operation's own. The fields of the form: `await form(visit)`; a field
   that may come more than once (check boxes): `await forms.fields(visit.request)`.
   Where no operation exists, do the work in `visit.ports.writing()`, `await record(connection,
   visit.request, "weather.changed", id)`, `await say(visit, "changed")`, and answer a `Redirect` 303.

2. `repository/console/weather.py`: what only this page asks.

3. `pages/templates/console/weather.html`:

       {% extends "console/base.html" %}
       {% import "console/_ui.html" as ui with context %}
       {% block title %}{{ words.title }}{% endblock %}
       {% block main %}
       <h1>{{ words.title }}</h1>
       {% endblock %}

   Always there: `say`, `words`, `visit`, `path`, `here` (with its query), `flash`, `csrf` (every form with
   method post writes `{{ csrf }}`), `navigation`, `now`, `asset("map.js")`. Scripts of a page go into
   `{% block scripts %}`: `<script type="module" src="{{ asset("map.js") }}"></script>`.

4. `pages/words/weather.toml`: `title = { fr = "Météo", en = "Weather" }`; no word of `common.toml` again.

5. `tests/gateway/console/test_weather.py`, with the `console` fixture, and a paragraph in docs/console.md.
'''
