"""The browser of the tests: it must notice what a page may not do."""

from __future__ import annotations

import asyncio

import pytest

pytestmark = pytest.mark.browser
OUTSIDE = "https://example.invalid/picture.png"


def test_a_request_that_would_leave_is_stopped_and_noted(browser, tmp_path):
    page = tmp_path / "page.html"
    page.write_text(f'<img src="{OUTSIDE}" alt=""><script>console.error("wrong")</script>')
    with browser.open(page) as tab:
        tab.page.wait_for_load_state()
        assert tab.outside == [OUTSIDE]
        assert "wrong" in tab.errors
        with pytest.raises(AssertionError):
            tab.check()


def test_axe_notices_a_picture_without_a_text(open_tab, tmp_path):
    page = tmp_path / "page.html"
    page.write_text('<html lang="en"><title>t</title><main><h1>h</h1><img src="data:,"></main>')
    assert any("image-alt" in found for found in open_tab(page).violations())


def test_two_tabs_at_once(open_tab, tmp_path):
    page = tmp_path / "page.html"
    page.write_text("<title>t</title><h1>one</h1>")
    assert [open_tab(page, width=width).page.evaluate("innerWidth") for width in (400, 800)] == [400, 800]


def test_the_driver_leaves_the_event_loop_to_others(browser):
    asyncio.run(asyncio.sleep(0))
