"""What browsers are told about our staff's pages."""

from contactcentre.adapters.web.headers import strict_headers


def test_over_https_a_page_opens_no_plain_socket_and_browsers_stay_on_https() -> None:
    headers = strict_headers(https=True)
    assert "connect-src 'self' wss:;" in headers["Content-Security-Policy"]
    assert "Strict-Transport-Security" in headers


def test_on_one_machine_plain_sockets_are_allowed() -> None:
    headers = strict_headers(https=False)
    assert "connect-src 'self' ws: wss:;" in headers["Content-Security-Policy"]
    assert "Strict-Transport-Security" not in headers


def test_only_the_microphone_may_be_asked_for() -> None:
    assert strict_headers(https=True)["Permissions-Policy"].endswith("microphone=(self)")
