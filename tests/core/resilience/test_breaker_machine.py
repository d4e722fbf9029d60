"""The Lua script in Redis and the Python machine for its absence must be one machine: both are driven and compared.

Time plays no part here: every wait is either over at once or never.
"""

import uuid

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.resilience import breaker_machine, breaker_redis, connections
from core.resilience.breaker_machine import Memory, Op, Policy
from tests.core.resilience.conftest import Valkey

NEVER = 10**12
STEPS = st.lists(
    st.tuples(
        st.sampled_from(list(Op)),
        st.sampled_from(["a", "b"]),
        st.sampled_from([0, NEVER]),
        st.sampled_from([0, NEVER]),
    ),
    max_size=60,
)
START = st.builds(
    Memory,
    state=st.sampled_from(["closed", "open", "half_open"]),
    mode=st.sampled_from(["auto", "auto", "forced_open", "forced_closed"]),
    failures=st.integers(0, 4),
    probe_token=st.sampled_from(["", "a", "b"]),
    version=st.integers(1, 5),
)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(start=START, steps=STEPS)
def test_redis_and_python_decide_alike(valkey: Valkey, start: Memory, steps: list[tuple[Op, str, int, int]]) -> None:
    name = uuid.uuid4().hex
    breaker_redis.restore(name=name, memory=start)
    memory = start

    for op, token, open_ms, probe_ms in steps:
        policy = Policy(threshold=3, open_ms=open_ms, probe_ms=probe_ms)
        now_ms = _now_ms()
        live = breaker_redis.apply(name=name, op=op, token=token, policy=policy)
        assert live is not None
        expected = breaker_machine.step(memory=memory, op=op, now_ms=now_ms, token=token, policy=policy)
        assert (live.allowed, live.before, _plain(live.memory)) == (
            expected.allowed,
            expected.before,
            _plain(expected.memory),
        )
        memory = live.memory


def _now_ms() -> int:
    seconds, micros = connections.client().time()  # type: ignore[misc]  # the client is not the async one
    return int(seconds) * 1000 + int(micros) // 1000


def _plain(memory: Memory) -> tuple[str, str, int, str, int]:
    return memory.state, memory.mode, memory.failures, memory.probe_token, memory.version


@given(steps=STEPS)
def test_an_open_breaker_never_lets_two_through(steps: list[tuple[Op, str, int, int]]) -> None:
    memory, holders = Memory(state="open", version=1), set[str]()
    for number, (op, _, _, _) in enumerate(steps):
        token = f"caller {number}"
        policy = Policy(open_ms=0, probe_ms=NEVER)
        move = breaker_machine.step(memory=memory, op=op, now_ms=number, token=token, policy=policy)
        if op is Op.ALLOW and move.allowed:
            holders.add(token)
        memory = move.memory

    assert len(holders) <= 1
    assert memory.state in {"open", "half_open"}
