import pytest
from hypothesis import given
from hypothesis import strategies as st

from auth_service.domain.user_agents import Agent, read_agent

WEBKIT = "AppleWebKit/537.36 (KHTML, like Gecko)"
CHROME = f"{WEBKIT} Chrome/140.0.0.0 Safari/537.36"
APPLE = "AppleWebKit/605.1.15 (KHTML, like Gecko)"


@pytest.mark.parametrize(
    ("user_agent", "browser", "system"),
    [
        ("Mozilla/5.0 (X11; Linux x86_64; rv:143.0) Gecko/20100101 Firefox/143.0", "Firefox", "Linux"),
        (f"Mozilla/5.0 (Windows NT 10.0; Win64; x64) {CHROME}", "Chrome", "Windows"),
        (f"Mozilla/5.0 (Windows NT 10.0; Win64; x64) {CHROME} Edg/140.0.0.0", "Edge", "Windows"),
        (f"Mozilla/5.0 (Windows NT 10.0; Win64; x64) {CHROME} OPR/120.0.0.0", "Opera", "Windows"),
        (f"Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) {CHROME}", "Chrome", "ChromeOS"),
        (f"Mozilla/5.0 (Linux; Android 10; K) {WEBKIT} Chrome/140.0.0.0 Mobile Safari/537.36", "Chrome", "Android"),
        (
            f"Mozilla/5.0 (Linux; Android 14; SM-S918B) {WEBKIT} SamsungBrowser/28.0 Chrome/130.0 Mobile Safari/537.36",
            "Samsung Internet",
            "Android",
        ),
        ("Mozilla/5.0 (Android 15; Mobile; rv:143.0) Gecko/143.0 Firefox/143.0", "Firefox", "Android"),
        (
            f"Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) {APPLE} Version/18.6 Mobile/15E148 Safari/604.1",
            "Safari",
            "iPhone",
        ),
        (
            f"Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) {APPLE} CriOS/140.0 Mobile/15E148 Safari/604.1",
            "Chrome",
            "iPhone",
        ),
        (f"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) {APPLE} Version/18.6 Safari/605.1.15", "Safari", "macOS"),
        ("curl/8.5.0", "curl", ""),
        ("okhttp/4.12.0", "okhttp", ""),
        ("Notes/3.1 CFNetwork/1568 Darwin/24.0.0", "Notes", "macOS"),
        ("Python/3.11 aiohttp/3.14.5", "Python", ""),
        ("Mozilla/5.0", "", ""),
        ("", "", ""),
        ("<script>alert(1)</script>", "", ""),
        ("a" * 41 + "/1", "", ""),
    ],
)
def test_agent_is_told_as_people_call_it(user_agent: str, browser: str, system: str) -> None:
    assert read_agent(user_agent) == Agent(browser, system)


@given(st.text(max_size=300))
def test_nothing_is_too_odd(user_agent: str) -> None:
    agent = read_agent(user_agent)
    assert len(agent.browser) <= 40
    assert "<" not in agent.browser + agent.system
