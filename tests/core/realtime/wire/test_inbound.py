"""What a client may say."""

from uuid import UUID

import pytest

from core.realtime.wire import inbound
from core.realtime.wire.closing import CloseCode, Refusal

EPOCH = UUID("0190f3c0aaaa7000800000000000abcd")


def test_subscribe_with_resume_is_read() -> None:
    text = f'{{"op":"subscribe","req_id":"1","channel":"transactions","resume":{{"epoch":"{EPOCH.hex}","seq":118}}}}'

    message = inbound.parse(text)

    assert message == inbound.Subscribe(
        req_id="1", channel="transactions", params={}, resume=inbound.Resume(epoch=EPOCH, seq=118)
    )


def test_epoch_may_be_null_before_the_first_row() -> None:
    message = inbound.parse('{"op":"subscribe","channel":"balances","resume":{"epoch":null,"seq":0}}')

    assert message == inbound.Subscribe(req_id=None, channel="balances", resume=inbound.Resume(epoch=None, seq=0))


def test_the_other_ops_are_read() -> None:
    assert inbound.parse('{"op":"ping"}') == inbound.Ping(req_id=None)
    assert inbound.parse('{"op":"unsubscribe","channel":"x","req_id":"7"}') == inbound.Unsubscribe(
        req_id="7", channel="x"
    )
    assert inbound.parse('{"op":"auth","ticket":"abc"}') == inbound.Auth(req_id=None, ticket="abc")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "nonsense",
        "[]",
        '"subscribe"',
        "{}",
        '{"op":["subscribe"]}',
        '{"op":"publish"}',
        '{"op":"subscribe"}',
        '{"op":"subscribe","channel":7}',
        '{"op":"subscribe","channel":""}',
        '{"op":"subscribe","channel":"' + "x" * 201 + '"}',
        '{"op":"subscribe","channel":"a","params":[]}',
        '{"op":"subscribe","channel":"a","req_id":7}',
        '{"op":"subscribe","channel":"a","resume":118}',
        '{"op":"subscribe","channel":"a","resume":{"epoch":"x","seq":1}}',
        '{"op":"subscribe","channel":"a","resume":{"epoch":7,"seq":1}}',
        '{"op":"subscribe","channel":"a","resume":{"seq":-1}}',
        '{"op":"subscribe","channel":"a","resume":{"seq":true}}',
        '{"op":"subscribe","channel":"a","resume":{"seq":1.5}}',
        '{"op":"subscribe","channel":"a","resume":{"seq":9223372036854775808}}',
        '{"op":"auth"}',
        "[" * 5000,
        '{"op":"subscribe","channel":"a","resume":{"seq":' + "9" * 5000 + "}}",
    ],
)
def test_anything_else_closes_with_4400(text: str) -> None:
    with pytest.raises(Refusal) as caught:
        inbound.parse(text)

    assert caught.value.close is CloseCode.BAD_MESSAGE
