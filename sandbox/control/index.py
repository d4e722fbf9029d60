"""The page at /: what this process is, its controls, what it executed last."""

from __future__ import annotations

from html import escape

from sandbox.engine.values import Answer, Json, Request, html_answer, json_answer
from sandbox.engine.world import World

_ROWS = 25
_CONTROLS = (
    ("GET /_control/health", "clock, timers, webhooks by state"),
    ("GET PUT DELETE /_control/faults", "fault scripts per provider and operation"),
    ("GET /_control/book", "what was executed; filters provider, operation, key, reference, object_id"),
    ("GET POST /_control/clock", "the providers' time; advance_seconds pushes it"),
    ("GET /_control/magic", "amounts and account numbers that make something happen"),
    ("POST /_control/disputes", "open, win or lose a chargeback"),
    ("POST /_control/payments", "end a payment that stays processing"),
    ("POST /_control/funds", "put money on the account at Increase"),
    ("GET /_control/kraken", "the exchange: markets, accounts; kraken/book?pair= its whole book; kraken/orders"),
    ("POST /_control/kraken/price", "put a price; kraken/depth, kraken/market, kraken/step, kraken/funds"),
    ("GET POST /_control/webhooks", "deliveries; send kept events again"),
)
_PAGE = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>diBoaS sandbox</title><style>
body{{font:15px/1.5 system-ui;background:#fbf8f6;color:#0b1f24;max-width:70rem;margin:2rem auto;padding:0 1rem}}
table{{border-collapse:collapse;background:#fff;width:100%}}
td,th{{text-align:left;padding:.3rem .6rem;border-bottom:1px solid #e5dfda}}
td.n{{text-align:right;font-variant-numeric:tabular-nums}}code{{background:#fff;padding:0 .2rem}}</style></head><body>
<h1>diBoaS sandbox</h1>
<p>Pretend providers for development and tests. No real bank, no real card, no real money. It answers as
<strong>Stripe</strong> under <code>/v1/</code> and as <strong>Increase</strong> at the root
(<code>/ach_transfers</code>, <code>/accounts</code>, …), as <strong>Kraken</strong> under
<code>/0/</code>, on its own clock: <code>{now}</code>.</p>
<h2>Controls</h2><table>{controls}</table>
<h2>Executed last</h2>
<table><tr><th>#</th><th>provider</th><th>operation</th><th>amount</th><th></th><th>reference</th><th>key</th><th>at</th></tr>
{rows}</table></body></html>"""


class Index:
    """Serves the page."""

    def __init__(self, *, world: World) -> None:
        self._world = world

    def serve(self, request: Request) -> Answer:
        """GET /."""
        if request.method not in ("GET", "HEAD"):
            return json_answer({"error": {"message": "This page is only read."}}, status=405)
        rows = self._world.book.rows(filters={}, limit=_ROWS, after=-1)
        controls = "".join(f"<tr><td><code>{name}</code></td><td>{escape(does)}</td></tr>" for name, does in _CONTROLS)
        shown = "".join(_row(row) for row in rows) or "<tr><td colspan=8>nothing yet</td></tr>"
        return html_answer(_PAGE.format(now=self._world.clock.show()["now"], controls=controls, rows=shown))


def _row(row: Json) -> str:
    cents = f"{row['amount'] // 100}.{row['amount'] % 100:02d} {row['currency'].upper()}"
    amount = row["metadata"].get("shown", cents)
    cells = (row["provider"], row["operation"], amount, row["direction"], row["reference"], row["key"], row["at"])
    plain = [f"<td>{escape(str(cell))}</td>" for cell in cells]
    plain[2] = plain[2].replace("<td>", '<td class="n">')
    return f"<tr><td>{row['seq']}</td>{''.join(plain)}</tr>"
