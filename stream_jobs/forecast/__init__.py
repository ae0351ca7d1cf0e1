"""The load of the next 48 h. In: ``intervals`` of the billing meter, ``orders``. Out: ``forecasts``."""
