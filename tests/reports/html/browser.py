"""A headless Chromium that opens a page as a person would."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path

import pytest
from selenium import webdriver
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import WebDriverWait

PHONE, DESKTOP = 390, 1280


@contextmanager
def chromium() -> Generator[webdriver.Chrome]:
    """Skips the test where no browser is installed."""
    browser, driver = shutil.which("chromium"), shutil.which("chromedriver")
    if browser is None or driver is None:
        pytest.skip("needs a browser: apt-get install chromium chromium-driver")
    options = webdriver.ChromeOptions()
    options.binary_location = browser
    for argument in ("--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--lang=en"):
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    opened = webdriver.Chrome(options=options, service=webdriver.ChromeService(driver))
    try:
        yield opened
    finally:
        opened.quit()


class Page:
    """A report that is open in a browser."""

    def __init__(self, browser: webdriver.Chrome, path: Path, width: int = DESKTOP) -> None:
        self.browser = browser
        browser.execute_cdp_cmd(
            "Emulation.setDeviceMetricsOverride",
            {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width == PHONE},
        )
        browser.get(path.as_uri())
        # The script has run once the cases are counted.
        self.wait_for(lambda: self.count)

    def wait_for(self, holds: Callable[[], object]) -> None:
        WebDriverWait(self.browser, 20).until(lambda _: holds())

    @property
    def is_wider_than_its_window(self) -> bool:
        width: int = self.browser.execute_script(
            "return document.documentElement.scrollWidth - document.documentElement.clientWidth"
        )
        return width > 0

    @property
    def complaints(self) -> list[str]:
        """What the console has to say, of whatever severity."""
        return [entry["message"] for entry in self.browser.get_log("browser")]

    @property
    def count(self) -> str:
        return self.browser.find_element(By.ID, "count").text

    @property
    def cases(self) -> list[str]:
        """The text of each case that is shown."""
        return [found.text for found in self.browser.find_elements(By.TAG_NAME, "article")]

    @property
    def text(self) -> str:
        return self.browser.find_element(By.TAG_NAME, "body").text

    def choose(self, **filters: str) -> None:
        for name, value in filters.items():
            field = self.browser.find_element(By.ID, name.replace("_", "-"))
            self.browser.execute_script(
                "arguments[0].value = arguments[1];"
                "arguments[0].dispatchEvent(new Event('input', {bubbles: true}));",
                field,
                value,
            )

    def click(self, selector: str) -> None:
        element = self.browser.find_element(By.CSS_SELECTOR, selector)
        self.browser.execute_script("arguments[0].click()", element)
