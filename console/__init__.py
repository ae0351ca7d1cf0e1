"""The web page and its HTTP API: what the plant draws now, what is advised, what is known and how well.

In: the ledger (read only), the topics live (demand, readings, recommendations, decisions), the plant file, the plant's clock.
Out: pages, JSON by ``/api/v1``, decisions onto ``energy.decisions.v1``, reports to take home.

``board`` reads the ledger and ``live`` the topics, ``events`` hands records on as they come, ``views`` decide what is to be seen (pure),
``render`` turns views into markup and chart options (pure), ``pages`` put them on a screen, ``api`` gives them as JSON.

A page is a module of its name in each of these: its data in ``views``, its look in ``render``, its widgets in ``pages`` and its calls in
``api``, with a row in ``pages.frame.PAGES`` and a route in ``app``.
"""
