"""The page in headless Chromium, clicked and typed at through Playwright. Screenshots go to the folder given, if any."""
import pathlib
import sys
import tempfile

from playwright.sync_api import expect, sync_playwright

from server import run_tests, serving, tiny_model

MODEL = tiny_model(tempfile.mkdtemp(dir="."))
SHOTS = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else None
SLOW = 60_000  # ms


def shoot(page, name):
    if SHOTS:
        page.screenshot(path=SHOTS / f"{name}.png")


def open_page(browser, **options):
    context = browser.new_context(**options)
    context.set_default_timeout(SLOW)
    page = context.new_page()
    page.problems = []
    page.requests_made = []
    page.on("console", lambda message: page.problems.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: page.problems.append(str(error)))
    page.on("request", lambda request: page.requests_made.append(request.url))
    page.goto(server.url)
    expect(page.locator("#card")).to_contain_text("jet_nemotron")
    return page


def finished(page, page_messages):
    expect(page.locator("#messages li")).to_have_count(page_messages, timeout=SLOW)
    expect(page.locator("#send")).to_be_visible(timeout=SLOW)


def a_dialogue():
    page = open_page(browser, viewport={"width": 1280, "height": 800})
    page.fill("#max_tokens", "12")
    page.fill("#temperature", "0")
    page.keyboard.press("Tab")
    page.fill("#question", "Hello")
    page.press("#question", "Enter")
    finished(page, 2)
    first = page.locator("#messages li").nth(1).locator(".body").inner_text()
    assert first, "no answer"
    expect(page.locator("#speed")).to_contain_text("12 out")
    # Greedy: again is the same; another question is another dialogue.
    page.click("text=Regenerate")
    finished(page, 2)
    assert page.locator("#messages li").nth(1).locator(".body").inner_text() == first
    page.fill("#question", "And then?\nSecond line")
    page.click("#send")
    finished(page, 4)
    page.locator("#messages li").nth(0).get_by_text("Edit").click()
    field = page.locator("#messages textarea")
    field.fill("Something else")
    field.press("Enter")
    finished(page, 2)
    assert page.locator("#messages li").nth(0).locator(".body").inner_text() == "Something else"
    shoot(page, "light")
    page.click("#theme")
    assert page.evaluate("document.documentElement.dataset.theme") == "dark"
    shoot(page, "dark")
    page.click("#begin")
    expect(page.locator("#messages li")).to_have_count(0)
    assert not page.problems, page.problems
    outside = [url for url in page.requests_made if not url.startswith((server.url, "data:"))]
    assert not outside, outside


def a_stop():
    page = open_page(browser)
    page.fill("#max_tokens", "2000")
    page.fill("#question", "Go on for long")
    page.press("#question", "Enter")
    expect(page.locator("#messages li").nth(1).locator(".body")).not_to_be_empty(timeout=SLOW)
    page.keyboard.press("Escape")
    finished(page, 2)
    server.wait_for(lambda: server.metric("num_requests_running") == 0)
    assert not page.problems, page.problems


def an_error_is_shown():
    page = open_page(browser)
    page.fill("#temperature", "-1")
    page.fill("#question", "Hello")
    page.press("#question", "Enter")
    expect(page.locator(".error .body")).to_contain_text("temperature")


def the_model_is_drawn():
    page = open_page(browser)
    layers = page.locator("#layers i").count()
    assert layers > 0 and f"{layers} layers" in page.locator("#layers").get_attribute("aria-label")
    expect(page.locator("#kinds")).to_contain_text("JetBlock")
    expect(page.locator("#memory-text")).to_contain_text("with attention in every layer")


def the_keyboard_is_enough():
    page = open_page(browser)
    assert page.evaluate("document.activeElement.id") == "question"
    page.keyboard.type("Hello")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.id") == "send"
    unnamed = page.evaluate("""[...document.querySelectorAll('button, input, select, textarea')]
        .filter((e) => !e.innerText?.trim() && !e.labels?.length && !e.ariaLabel).map((e) => e.outerHTML)""")
    assert not unnamed, unnamed


def a_phone():
    page = open_page(browser, viewport={"width": 360, "height": 640}, is_mobile=True, has_touch=True)
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    page.fill("#question", "Hello there, this is a longer message than fits one line of a phone")
    page.tap("#send")
    finished(page, 2)
    shoot(page, "phone")
    page.tap("#panel-toggle")
    expect(page.locator("#layers")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    shoot(page, "phone-settings")


with serving("--model", MODEL) as server, sync_playwright() as playwright:
    browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
    run_tests([a_dialogue, a_stop, an_error_is_shown, the_model_is_drawn, the_keyboard_is_enough, a_phone])
    browser.close()
