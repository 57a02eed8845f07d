"""Stock: what was gathered enters it, and what of it each job could have."""

from collections.abc import Mapping, Sequence
from typing import Final
from uuid import UUID

import msgspec

from libs.common.postgres import Connection
from services.scraper.domain import department_of, is_department
from services.scraper.handlers.ports import Gathered, LinesByCommune, OnYear, Place, Wanted
from services.scraper.loader import statements
from services.scraper.loader.copying import PATIENCE_SECONDS
from services.scraper.loader.known import judge_again
from services.scraper.loader.load import begin

# A department is loaded alone, its communes beside one another: each row has one writer.
ALONE: Final = "select pg_advisory_xact_lock(hashtextextended('scraper.load.' || $1, 0))"
TOGETHER: Final = "select pg_advisory_xact_lock_shared(hashtextextended('scraper.load.' || $1, 0))"

STOCK_OF_JOBS: Final = """
    select job.job_id,
           (select count(*) from candidate c
            where c.insee_code = any(job.cities) and c.kind = any(job.kinds)
              and c.sold_on between job.first_on and job.last_on
              and not exists (select from assigner.delivered d
                              where d.client_id = job.client_id and d.home_key = c.home_key))
           + (select count(*) from assigner.delivered d where d.job_id = job.job_id) as homes
    from jsonb_to_recordset($1) as job(job_id uuid, client_id uuid, cities text[], kinds text[],
                                       first_on date, last_on date)
"""


class PostgresStock(msgspec.Struct, frozen=True):
    connection: Connection

    async def reserve(self, insee_code: str) -> None:
        """Wait until nobody else loads these sales, and keep others off until the end."""
        lock = ALONE if is_department(insee_code) else TOGETHER
        await self.connection.execute(lock, department_of(insee_code), timeout=PATIENCE_SECONDS)

    async def load(
        self, place: Place, gathered: Gathered, on_year: OnYear
    ) -> Mapping[int, LinesByCommune]:
        """Bring the years that have a new file to what it says; loading it twice changes nothing.

        What a newer file has no longer is kept as vanished, and no longer offered; a door at an
        address that somebody has opposed is none that was ever offered. The answer tells
        of how many lines each commune's year consists. The newest year goes first: a commune of
        which nothing is known yet then needs no second look, for all later sales have been seen.
        """
        served = [one.attempt for one in gathered.years.values() if one.attempt]
        loaded = [attempt for attempt in served if attempt.state == "loaded"]
        if not loaded:
            return {}
        load = await begin(self.connection, place)
        lines: dict[int, LinesByCommune] = {}
        for attempt in sorted(loaded, key=lambda one: one.year, reverse=True):
            lines[attempt.year] = await load.year(attempt)
            await on_year(len(lines))
        await judge_again(self.connection, load.touched)
        await self.connection.fetch(
            statements.COVER_OPPOSED, place.communes, timeout=PATIENCE_SECONDS
        )
        return lines

    async def of_jobs(self, wanted: Sequence[Wanted]) -> Mapping[UUID, int]:
        """How many homes each job could deliver; those it has delivered already count."""
        jobs = [
            {
                "job_id": one.event.job_id,
                "client_id": one.event.client_id,
                "cities": one.cities,
                "kinds": one.event.kinds,
                "first_on": one.window.first,
                "last_on": one.window.last,
            }
            for one in wanted
        ]
        rows = await self.connection.fetch(STOCK_OF_JOBS, jobs) if jobs else []
        return {row["job_id"]: row["homes"] for row in rows}
