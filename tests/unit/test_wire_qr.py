"""The text of a registration code, in every state in which people paste it."""

from __future__ import annotations

from urllib.parse import urlsplit

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from hikma_tui.wire import qr
from hikma_tui.wire.shapes import Kind, Trouble

HUB = '{"type":"sync_hub","url":"http://192.168.1.5:4001","id":"a","pk":"b"}'


@pytest.mark.parametrize(
    ("text", "url"),
    [
        ("https://hikma.example.org", "https://hikma.example.org"),
        ("https://hikma.example.org/", "https://hikma.example.org"),
        ("  https://hikma.example.org \r\n", "https://hikma.example.org"),
        ("\x1b[200~https://hikma.example.org\x1b[201~", "https://hikma.example.org"),
        ("[200~https://hikma.example.org[201~", "https://hikma.example.org"),
        ("^[[200~https://hikma.example.org^[[201~", "https://hikma.example.org"),
        ("https://hikma.exam\nple.org", "https://hikma.example.org"),
        ("https://hikma.exam  \r\n  ple.org\n", "https://hikma.example.org"),
        ('"https://hikma.example.org"', "https://hikma.example.org"),
        ("<https://hikma.example.org>", "https://hikma.example.org"),
        ("\u201chttps://hikma.example.org\u201d", "https://hikma.example.org"),
        ("\ufeffhttps://hikma\u200b.example\u200e.org", "https://hikma.example.org"),
        ("\u202ahttps://hikma.example.org\u202c", "https://hikma.example.org"),
        ("HTTPS://HIKMA.EXAMPLE.ORG", "https://hikma.example.org"),
        ("https://hikma.example.org.", "https://hikma.example.org"),
        ("https://hikma.example.org:443", "https://hikma.example.org"),
        ("https://hikma.example.org:8443/", "https://hikma.example.org:8443"),
        ("https://hikma.example.org/app/settings?tab=mobile#qr", "https://hikma.example.org"),
        ("https://hikma.example.org/login", "https://hikma.example.org"),
        ("https://hikma.example.org/api/v2/sync", "https://hikma.example.org"),
        ("https://example.org/hikma/", "https://example.org/hikma"),
        ("https://example.org/clinics/hikma/app/x?y", "https://example.org/clinics/hikma"),
        ("hikma.example.org", "https://hikma.example.org"),
        ("hikma.example.org:8443/app", "https://hikma.example.org:8443"),
        ("localhost:3000", "https://localhost:3000"),
        ("https://[fd00::0:1]:3000/", "https://[fd00::1]:3000"),
        ("https://8.8.8.8", "https://8.8.8.8"),
        ("https://clinic-server/", "https://clinic-server"),
        ("https://бикма.example.org", "https://xn--80abvik.example.org"),
        ("https://hikmа.org", "https://xn--hikm-83d.org"),  # the last letter is Cyrillic
    ],
)
def test_an_address_is_found(text: str, url: str) -> None:
    code = qr.read(text)
    assert code.url == url
    assert not code.plain


@pytest.mark.parametrize(
    ("text", "url"),
    [
        ("http://localhost:8899", "http://localhost:8899"),
        ("http://127.0.0.1:8899/", "http://127.0.0.1:8899"),
        ("http://192.168.1.10:3000/app/settings", "http://192.168.1.10:3000"),
        ("http://10.0.0.7:80", "http://10.0.0.7"),
        ("http://172.31.255.1", "http://172.31.255.1"),
        ("http://169.254.3.4", "http://169.254.3.4"),
        ("http://[::1]:3000", "http://[::1]:3000"),
        ("http://[fd12:3456::1]", "http://[fd12:3456::1]"),
        ("http://[fe80::1]:3000", "http://[fe80::1]:3000"),
        ("http://[::ffff:192.168.1.10]:3000", "http://[::ffff:c0a8:10a]:3000"),
    ],
)
def test_plain_http_within_the_own_network(text: str, url: str) -> None:
    assert qr.read(text) == qr.Code(url, plain=True, private=True)


@pytest.mark.parametrize(
    "text",
    [
        "http://hikma.example.org",
        "http://8.8.8.8",
        "http://172.32.0.1",
        "http://100.64.0.1",  # a provider's network is not one's own
        "http://0.0.0.0",
        "http://[::]",
        "http://[2001:db8::1]",
        "http://[::ffff:8.8.8.8]",
        "http://raspberrypi.local:3000",  # whoever answers for the name decides
        "http://localhost.example.org",
        "http://clinic-server:3000",
        "http://127.0.0.1.example.org",
    ],
)
def test_plain_http_to_anywhere_else_is_refused(text: str) -> None:
    with pytest.raises(Trouble) as trouble:
        qr.read(text)
    assert trouble.value.kind is Kind.PLAIN_HTTP


@pytest.mark.parametrize(
    "text", [HUB, f"  {HUB}\n", HUB[:40], HUB.replace(",", ",\n "), f"\x1b[200~{HUB}\x1b[201~"]
)
def test_a_hub_is_recognised(text: str) -> None:
    with pytest.raises(Trouble) as trouble:
        qr.read(text)
    assert trouble.value.kind is Kind.HUB


@pytest.mark.parametrize(
    "text",
    [
        "",
        " \n",
        "hello",
        "nurse@clinic.test",
        '{"type":"wifi"}',
        '{"a":' * 3000,
        "[" * 3000,
        "https://",
        "https://nurse:secret@hikma.example.org",
        "https://nurse@hikma.example.org",
        "https://hikma.example.org:0",
        "https://hikma.example.org:",
        "https://hikma.example.org:99999",
        "https://hikma.example.org:x",
        "https://a.example.org https://b.example.org",
        "https://a.example.org\nhttps://b.example.org",
        "https://hikma.example.org\\@evil.example",
        "https://hikma.example.org/../x",
        "https://hikma.example.org/%2e%2e/x",
        "https://2130706433",
        "http://127.1",
        "http://0x7f.0.0.1",
        "http://0x7f000001",
        "http://010.0.0.1",
        "https://-a.example.org",
        "https://a..example.org",
        "https://hikma example.org",
        "https://[fe80::1%25eth0]:3000",
        "https://[::1",
        "https://straße.example.org",
        "ftp://hikma.example.org",
        "javascript:alert(1)",
        "javascript://hikma.example.org",
        "file:///etc/passwd",
        "mailto:nurse@clinic.test",
        "https://" + "a" * 64 + ".org",
        "https://" + "a." * 130 + "org",
        "https://hikma.example.org/" + "a" * 5000,
        "x" * 100_000,
        "\ud800",
        "https://\ud800.org",
        "\x00\x01\x02",
    ],
)
def test_anything_else_is_no_address(text: str) -> None:
    with pytest.raises(Trouble) as trouble:
        qr.read(text)
    assert trouble.value.kind is Kind.BAD_TEXT
    assert "secret" not in str(trouble.value)


def test_what_was_read_is_read_again_as_the_same() -> None:
    for text in ("https://бикма.example.org:8443/a/app", "http://[::ffff:10.0.0.1]:3000"):
        code = qr.read(text)
        assert qr.read(code.url) == code


NOISE = st.text(max_size=60) | st.text(alphabet="htps:/.[]@\\%#?0127fx-\n\x1b~ {}\"'", max_size=60)
SCHEMES = st.sampled_from(["https://", "http://", ""])
BETWEEN = st.sampled_from([":80", ":", "/", "@", ".org", "\n"])
ADDRESSES = st.builds("{}{}{}{}".format, SCHEMES, NOISE, BETWEEN, NOISE)


@given(NOISE | ADDRESSES | st.binary(max_size=80).map(lambda raw: raw.decode("latin-1")))
@example("http://１２７.0.0.1")
@example("https://a。b")
def test_no_text_does_harm(text: str) -> None:
    try:
        code = qr.read(text)
    except Trouble as trouble:
        if trouble.kind in {Kind.BAD_TEXT, Kind.HUB, Kind.PLAIN_HTTP}:
            return
        raise
    split = urlsplit(code.url)
    assert code.url.isascii()
    assert code.url.isprintable()
    assert " " not in code.url
    assert split.username is None
    assert not split.query
    assert not split.fragment
    assert code.plain == (split.scheme == "http")
    assert code.private or not code.plain
    assert qr.read(code.url) == code
