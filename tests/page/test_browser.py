"""The page in a browser: search, filters, permalinks, keyboard, and what axe-core finds."""

from __future__ import annotations

import re
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import msgspec
import pytest

from monarch_vs_ray.page import build, sources
from monarch_vs_ray.page.sources import Source

pytestmark = pytest.mark.browser
CLAIM = "supervision.restart.ray"


def rows(tab) -> int:
    return tab.page.locator("table.matrix tbody tr:visible").count()


def test_it_is_small(page):
    assert page.stat().st_size <= build.LARGEST


def test_search_filters_and_marks_what_was_found(open_tab, page):
    tab = open_tab(page)
    tab.wait("window.mvr && mvr.search")
    every = rows(tab)
    tab.page.get_by_label("Search").fill("max_restarts killed")
    status = tab.page.locator("#filters .count")
    assert 0 < rows(tab) < every
    assert status.text_content() == f"{rows(tab)} of {every} rows"
    assert tab.page.locator("table.matrix mark").count() > 0
    assert "q=max_restarts" in tab.page.url
    tab.page.get_by_label("Search").fill("zzzz qqqq")
    assert rows(tab) == 0
    assert tab.page.get_by_text("No claim matches.").is_visible()
    tab.page.get_by_role("button", name="Clear").click()
    tab.wait("document.querySelectorAll('table.matrix tbody tr[hidden]').length === 0")
    assert rows(tab) == every


def test_search_finds_what_was_observed(open_tab, page):
    tab = open_tab(page)
    tab.wait("window.mvr && mvr.search")
    tab.page.get_by_label("Search").fill("restart_after_each_kill")
    assert rows(tab) > 0


@pytest.mark.parametrize(
    ("label", "value"),
    [
        ("Subject", "supervision"),
        ("Engine", "ray"),
        ("Verdict", "unknown"),
        ("Kind", "judgement"),
        ("The brief", "refuted"),
    ],
)
def test_each_filter_leaves_fewer_rows_and_is_in_the_address(open_tab, page, label, value):
    tab = open_tab(page)
    every = rows(tab)
    tab.page.locator("#filters").get_by_label(label, exact=True).select_option(value)
    left = rows(tab)
    assert left > 0
    assert left < every or label == "Engine"
    tab.page.reload()
    assert rows(tab) == left


def test_a_permalink_opens_the_claim_and_back_closes_it(open_tab, page):
    tab = open_tab(f"{page.as_uri()}#{CLAIM}")
    dialog = tab.page.get_by_role("dialog")
    dialog.wait_for()
    assert "max_restarts" in dialog.get_by_role("heading", level=2).text_content()
    for part in (
        "Experiment: restart_after_a_kill",
        "Control:",
        "Breaks of its subject",
        "History of verdicts",
    ):
        assert dialog.get_by_role("heading", name=re.compile(re.escape(part))).is_visible()
    assert dialog.locator("li.lit").count() > 0
    dialog.get_by_role("link", name="The same on Monarch").click()
    tab.page.wait_for_url("**#supervision.restart.monarch")
    tab.page.go_back()
    tab.page.wait_for_url(f"**#{CLAIM}")
    dialog.get_by_role("button", name="Close").click()
    assert not dialog.is_visible()
    assert tab.page.evaluate("document.activeElement.getAttribute('href')") == f"#{CLAIM}"


def test_a_row_link_leads_to_its_row_also_when_it_is_filtered_out(open_tab, page):
    tab = open_tab(f"{page.as_uri()}#claims?concept=data_plane")
    assert not tab.page.locator('[id="supervision.restart"]').is_visible()
    tab.page.evaluate("location.hash = '#supervision.restart'")
    tab.page.locator('[id="supervision.restart"]').wait_for()
    assert tab.page.evaluate("document.activeElement.id") == "supervision.restart"


def test_keyboard_alone_reaches_a_claim_and_comes_back(open_tab, page):
    tab = open_tab(page)
    keys = tab.page.keyboard
    keys.press("Tab")
    assert tab.page.evaluate("document.activeElement.className") == "skip"
    tab.page.locator(f'td[data-claim="{CLAIM}"] a').focus()
    keys.press("Enter")
    tab.page.get_by_role("dialog").wait_for()
    for _ in range(40):
        keys.press("Tab")
        outside = "const e = document.activeElement; e === document.body || !!e.closest('dialog')"
        assert tab.page.evaluate(f"(() => {{ {outside.replace('; e', '; return e')} }})()")
    keys.press("Escape")
    assert not tab.page.get_by_role("dialog").is_visible()
    assert tab.page.evaluate("document.activeElement.getAttribute('href')") == f"#{CLAIM}"


@pytest.mark.parametrize("width", [400, 1280])
def test_a_link_leads_to_its_place_although_what_is_above_is_drawn_later(open_tab, page, width):
    tab = open_tab(f"{page.as_uri()}#patterns", width=width)
    top = "document.querySelector(location.hash).getBoundingClientRect().top"
    tab.wait(f"0 <= {top} && {top} < 150")
    for name in ("runs", "notebooks", "patterns"):
        tab.page.evaluate(f"location.hash = '#{name}'")
        tab.page.evaluate(
            "document.querySelector('#costs h2').style.height = `${100 + Math.random() * 900}px`"
        )
        tab.wait(f"0 <= {top} && {top} < 150")
    tab.page.mouse.wheel(0, -3000)
    tab.wait(f"{top} > 1000")
    tab.page.evaluate("document.querySelector('#choose h2').style.height = '700px'")
    tab.page.wait_for_timeout(100)
    assert tab.page.evaluate(top) > 1000, "whoever scrolls on is left alone"


def test_a_table_fits_or_shows_that_it_goes_on(open_tab, page):
    tab = open_tab(page)
    tables = tab.page.evaluate(
        """[...document.querySelectorAll(".table-scroll")].filter((at) => at.offsetParent).map((place) => ({
            name: place.getAttribute("aria-label"),
            columns: place.querySelectorAll("thead th").length,
            reached: place.tabIndex === 0 && place.getAttribute("role") === "group",
            shaded: getComputedStyle(place).backgroundImage.includes("gradient"),
            fits: place.scrollWidth <= place.clientWidth,
        }))"""
    )
    assert any(each["name"].startswith("Figures of") for each in tables)
    for each in tables:
        assert each["name"]
        assert each["reached"]
        assert each["shaded"]
        assert each["fits"] or each["columns"] > 7, each["name"]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_serious(open_tab, page, scheme):
    tab = open_tab(f"{page.as_uri()}#claims?concept=message_ordering", color_scheme=scheme)
    tab.page.evaluate("document.querySelectorAll('.need details').forEach((each) => { each.open = true; })")
    assert tab.violations() == []
    tab.page.evaluate(f"location.hash = '#{CLAIM}'")
    tab.page.get_by_role("dialog").wait_for()
    assert tab.violations(within="dialog") == []


@pytest.mark.parametrize("width", [380, 700, 1280, 2560])
def test_nothing_is_wider_than_the_window(open_tab, page, width):
    tab = open_tab(page, width=width)
    assert tab.page.evaluate("document.documentElement.scrollWidth") <= width
    tab.page.evaluate(f"location.hash = '#{CLAIM}'")
    tab.page.get_by_role("dialog").wait_for()
    assert tab.page.evaluate("document.querySelector('dialog').scrollWidth") <= width


def test_the_theme_is_the_readers(open_tab, page):
    tab = open_tab(page, color_scheme="light")
    background = "getComputedStyle(document.body).backgroundColor"
    light = tab.page.evaluate(background)
    button = tab.page.get_by_role("button", name="Theme")
    button.click()
    button.click()
    assert "dark" in button.text_content()
    assert tab.page.evaluate(background) != light


def test_what_comes_from_outside_runs_nowhere(open_tab, harmful, tmp_path):
    file = tmp_path / "harm.html"
    file.write_text(build.make(*harmful), encoding="utf-8")
    tab = open_tab(file.as_uri() + f"#{CLAIM}")
    tab.page.get_by_role("dialog").wait_for()
    tab.page.get_by_role("dialog").get_by_role("button", name="Close").click()
    tab.page.get_by_label("Search").fill("script")
    assert tab.page.evaluate("typeof window.harmed") == "undefined"


def test_without_scripts_statements_and_verdicts_are_read(open_tab, page):
    tab = open_tab(page, java_script_enabled=False)
    assert tab.page.locator(f'td[data-claim="{CLAIM}"]').is_visible()


def player(tab):
    tab.page.locator("#demos").scroll_into_view_if_needed()
    tab.page.locator("#player .controls").wait_for()
    return tab.page.locator("#player")


def test_the_player_plays_and_pauses(open_tab, page):
    tab = open_tab(page)
    place = player(tab)
    place.get_by_label("Speed").select_option("4")
    place.get_by_role("button", name="Play").click()
    tab.wait("mvr.player.position > 3")
    place.get_by_role("button", name="Pause").click()
    here = tab.page.evaluate("mvr.player.position")
    tab.page.wait_for_timeout(200)
    assert tab.page.evaluate("mvr.player.position") == here
    assert place.get_by_role("img", name=re.compile("^Monarch: ")).is_visible()
    assert place.get_by_role("img", name=re.compile("^Ray: ")).is_visible()


def test_the_player_goes_from_step_to_step_and_seeks(open_tab, page):
    tab = open_tab(page)
    place = player(tab)
    tab.page.get_by_role("button", name="5 Supervision").click()
    forward = place.get_by_role("button", name="Step forward")
    for _ in range(6):
        forward.click()
    assert place.locator(".step").text_content().startswith("6. ")
    assert place.locator(".said p").count() > 0
    assert place.locator(".observed tbody td.monarch").first.text_content() not in ("", "…")
    assert place.locator(".side.monarch li.lit").count() == 1
    assert place.locator(".side.ray .picture g > *").count() > 5
    place.get_by_role("button", name="Step back").click()
    assert place.locator(".step").text_content().startswith("5. ")
    slider = place.get_by_label("Position in the demo")
    slider.focus()
    tab.page.keyboard.press("End")
    assert tab.page.evaluate("mvr.player.position") == tab.page.evaluate("mvr.player.demo.length")
    assert "step 17 of 17" in slider.get_attribute("aria-valuetext")
    tab.page.keyboard.press("Home")
    assert tab.page.evaluate("mvr.player.position") == 0
    place.focus()
    tab.page.keyboard.press("n")
    assert tab.page.evaluate("mvr.player.position") > 0


def test_axe_finds_nothing_serious_in_a_player(open_tab, page):
    tab = open_tab(page)
    place = player(tab)
    place.get_by_role("button", name="Step forward").click()
    place.get_by_role("button", name="Step forward").click()
    assert tab.violations(within="#demos") == []


def test_charts_are_drawn_in_the_colours_of_the_theme(open_tab, page):
    tab = open_tab(page, color_scheme="dark")
    warnings = []
    tab.page.on("console", lambda said: warnings.append(said.text))
    figures = tab.page.locator("[data-chart]")
    assert figures.count() > 2
    for at in range(figures.count()):
        figures.nth(at).scroll_into_view_if_needed()
        tab.wait(f"document.querySelectorAll('[data-chart]')[{at}].dataset.drawn")
        assert figures.nth(at).locator("svg .mark-group *").count() > 10
        box = figures.nth(at).locator("svg").bounding_box()
        assert box["width"] > 200
        assert "…" not in figures.nth(at).locator(".plot").inner_text(), "no label is cut"
    assert warnings == []
    assert tab.page.evaluate("document.documentElement.scrollWidth") <= 1280
    assert "#79c0ff" in tab.page.locator("#costs").inner_html()
    figures.first.get_by_text("Its numbers as a table").click()
    figures.first.locator("tbody td").first.wait_for()


def test_the_table_of_costs_sorts_by_keyboard(open_tab, page):
    tab = open_tab(page)
    table = tab.page.locator("#costs table.sortable")
    head = table.locator("thead th.monarch")
    head.get_by_role("button").focus()
    tab.page.keyboard.press("Enter")
    assert head.get_attribute("aria-sort") == "ascending"
    rows = "[...document.querySelector('#costs table.sortable').tBodies[0].rows].slice(1)"
    values = f"{rows}.map((row) => Number(row.cells[1].dataset.value))"
    up = tab.page.evaluate(values)
    assert up == sorted(up)
    tab.page.keyboard.press("Enter")
    assert tab.page.evaluate(values) == up[::-1]


def test_on_a_phone_each_cost_says_what_it_is(open_tab, page):
    tab = open_tab(page, width=380)
    row = tab.page.locator("#costs table.sortable tr[id]").first
    row.scroll_into_view_if_needed()
    label = "getComputedStyle(document.querySelector('#costs td.monarch'), '::before').content"
    assert "Monarch" in tab.page.evaluate(label)
    assert row.locator("td.ray").bounding_box()["x"] < 380
    assert tab.page.evaluate("document.documentElement.scrollWidth") <= 380


def test_paper_is_light_and_shows_the_proofs(open_tab, page):
    tab = open_tab(page, color_scheme="dark")
    tab.page.emulate_media(media="print")
    tab.page.evaluate("window.dispatchEvent(new Event('beforeprint'))")
    style = "getComputedStyle(document.body)"
    assert tab.page.evaluate(f"{style}.backgroundColor") == "rgb(255, 255, 255)"
    assert tab.page.evaluate(f"{style}.color") == "rgb(0, 0, 0)"
    assert tab.page.locator(".need .proofs").first.is_visible()
    assert not tab.page.locator("#filters").is_visible()
    tab.page.evaluate("window.dispatchEvent(new Event('afterprint'))")
    assert tab.page.locator(".need details[open]").count() == 0


def test_two_runs_are_compared(open_tab, tmp_path):
    published = sources.published()
    first = list(published.quoted.values())
    second = [
        msgspec.structs.replace(each, verdict="refuted", said="otherwise") if each.id == CLAIM else each
        for each in first
    ]
    file = tmp_path / "compare.html"
    source = Source({each.id: each for each in second}, published.known, published.breaks, folder=tmp_path)
    file.write_text(build.make(source, compared=[first, second]), encoding="utf-8")
    tab = open_tab(file)
    changed = tab.page.locator("#compare table.changed tbody tr")
    assert changed.count() == 1
    assert "refuted" in changed.inner_text()
    changed.get_by_role("link").click()
    tab.page.get_by_role("dialog").get_by_text("otherwise").first.wait_for()
    tab.page.keyboard.press("Escape")
    assert tab.violations(within="#compare") == []


def test_it_opens_from_a_web_server_too(open_tab, page):
    handler = partial(SimpleHTTPRequestHandler, directory=str(page.parent))
    handler.log_message = lambda *_: None
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        here = f"http://127.0.0.1:{server.server_port}/"
        tab = open_tab(f"{here}page.html#{CLAIM}", allow=[here])
        tab.page.get_by_role("dialog").wait_for()
        tab.check()
        server.shutdown()


def test_a_patterns_program_is_shown_to_be_copied(open_tab, page):
    tab = open_tab(page)
    program = tab.page.locator('[data-program="worker_pool/ray"]')
    program.locator("summary").click()
    program.locator("li").first.wait_for()
    assert "import ray" in program.locator(".code").inner_text()
    assert program.get_by_role("button", name="Copy").is_visible()


def test_axe_finds_nothing_serious_in_costs_and_patterns(open_tab, page):
    tab = open_tab(page)
    tab.page.locator("[data-chart]").first.scroll_into_view_if_needed()
    tab.wait("document.querySelector('[data-chart]').dataset.drawn")
    assert tab.violations(within="#costs") == []
    assert tab.violations(within="#patterns") == []


def test_a_run_is_drawn_in_space_and_time(open_tab, page):
    tab = open_tab(page)
    tab.page.locator("#runs").scroll_into_view_if_needed()
    place = tab.page.locator("#space-time")
    place.locator("svg.space").first.wait_for()
    assert place.locator("svg.space").count() == 2
    assert place.locator(".arrow").count() == 6
    tab.page.get_by_label("Run", exact=True).select_option("supervision")
    tab.page.get_by_label("Experiment", exact=True).select_option("idle_death")
    assert place.locator(".mark-fault").count() == 2
    place.get_by_text("As text").first.click()
    assert "fault, SIGKILL: worker 0" in place.locator("ol.events").first.inner_text()
    width = place.locator("svg.space").first.get_attribute("width")
    tab.page.get_by_label("Zoom").select_option("4")
    assert float(place.locator("svg.space").first.get_attribute("width")) > 3 * float(width)
    assert tab.violations(within="#runs") == []
