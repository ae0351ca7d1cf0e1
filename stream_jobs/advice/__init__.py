"""Which job to start when. In: ``forecasts``, ``orders``, ``decisions``, ``demand``, ``intervals`` of the billing meter.
Out: ``recommendations``."""
