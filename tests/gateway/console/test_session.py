"""Who is let into the console, and for how long."""

from tests.gateway.console.conftest import Console, Visitor


async def test_a_page_leads_to_the_sign_in_and_back(visitor: Visitor):
    console = await visitor()
    asked = await console.get("/console/jobs?status=failed")
    assert asked.status_code == 303
    print(asked.headers)
    page = await console.get(asked.headers["location"])
    assert page.status_code == 200
    assert "/console/jobs?status=failed" in page.text


async def test_a_page_that_is_none(console: Console):
    page = await console.get("/console/none/of/these")
    print(page.headers, page.text)
    assert page.status_code == 404
    assert "text/html" in page.headers["content-type"]
    assert (await console.post("/console/sign-out")).status_code == 303
    asked = await console.get("/console/jobs?status=failed")
    assert asked.status_code == 303
