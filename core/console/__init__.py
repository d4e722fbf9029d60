"""Owns the operations console: its site, roles, lists, pages, control tower, changes that need a reason.

Does not own what is shown: each package brings its screens in its ``admin.py`` and plugs them into ``site``,
``stories`` and ``tower``. Customers, staff and the audit log lie below the console: their screens are in ``screens/``.

Entry points: ``site.site``, ``pages.Page``, ``changes.Change``, ``tower``, ``stories``, ``cells``.
"""
